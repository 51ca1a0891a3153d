package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"cairn/exports"
)

// Mail says whether and how letters leave by e-mail.
type Mail struct {
	From      string `toml:"expediteur"`    // the address of the sender
	Send      bool   `toml:"envoyer"`       // else letters are drafts
	Server    string `toml:"serveur"`       // host:port; it must speak STARTTLS
	User      string `toml:"utilisateur"`   // empty: without authentication
	Password  string `toml:"mot_de_passe"`  // the name of a secret, never the password
	Referents bool   `toml:"referents"`     // returns and reminders go to the référents of territoires.csv
	MaxMB     int    `toml:"pieces_max_mo"` // of all that a letter brings: what is more is named in it, not attached; 0: 10
}

// Recipient is one who gets letters.
type Recipient struct {
	Role        string   `toml:"role"`        // evaluateur, association or financeur
	Address     string   `toml:"courriel"`    // where to
	Territories []string `toml:"territoires"` // of an evaluateur: whose workbooks; empty: all
	Funder      string   `toml:"financeur"`   // of a financeur: whose summary, by the id in financeurs; empty: the programme's
}

// The roles of recipients.
const (
	roleEvaluator   = "evaluateur"
	roleAssociation = "association"
	roleFunder      = "financeur"
)

// attachmentMB is how much is attached to a letter when the configuration does not say, in MB (10⁶ bytes): servers take 20 or more, a
// third of which is the encoding.
const attachmentMB = 10

// mailTimeout is the longest wait for one answer of the server.
const mailTimeout = 30 * time.Second

// validate refuses what the types of the keys let through.
func (m *Mail) validate() error {
	if *m != (Mail{}) {
		from, err := netmail.ParseAddress(m.From)
		if err != nil {
			return fmt.Errorf("courriel: expediteur %q: %w", m.From, err)
		}
		if from.Address != m.From {
			return fmt.Errorf("courriel: expediteur %q: the address alone, %s: programme gives the name", m.From, from.Address)
		}
	}
	if m.Server != "" {
		if _, _, err := net.SplitHostPort(m.Server); err != nil {
			return fmt.Errorf("courriel: serveur %q is not host:port", m.Server)
		}
	}
	switch {
	case m.Send && m.Server == "":
		return errors.New("courriel: serveur is needed to send")
	case (m.User == "") != (m.Password == ""):
		return errors.New("courriel: utilisateur and mot_de_passe go together")
	case m.MaxMB < 0:
		return errors.New("courriel: pieces_max_mo is less than 0")
	}
	return nil
}

// validateRecipients refuses a recipient who would get nothing, or what is not for him.
func (c *Config) validateRecipients() error {
	for i, r := range c.Recipients {
		_, err := netmail.ParseAddress(r.Address)
		switch {
		case err != nil:
			return fmt.Errorf("destinataires, number %d: courriel %q: %w", i+1, r.Address, err)
		case r.Role != roleEvaluator && r.Role != roleAssociation && r.Role != roleFunder:
			return fmt.Errorf("destinataires, %s: role %q is none of evaluateur, association, financeur", r.Address, r.Role)
		case len(r.Territories) > 0 && r.Role != roleEvaluator:
			return fmt.Errorf("destinataires, %s: only an evaluateur has territoires", r.Address)
		case r.Funder != "" && r.Role != roleFunder:
			return fmt.Errorf("destinataires, %s: only a financeur has financeur", r.Address)
		case r.Funder != "" && c.funder("*"+r.Funder) == "":
			return fmt.Errorf("destinataires, %s: financeur %q is none of financeurs", r.Address, r.Funder)
		}
	}
	if len(c.Recipients) > 0 && c.Mail.From == "" {
		return errors.New("destinataires: courriel.expediteur is needed")
	}
	return nil
}

// message makes the e-mail of a letter. The same letter at the same time has the same bytes.
func (m *Mail) message(l *letter, at time.Time, programme, contact string) (*mail.Msg, error) {
	subject, text, err := l.text.Text()
	if err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(m.From, "@")
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithBoundary("cairn-"+l.id))
	if err := msg.FromFormat(programme, m.From); err != nil {
		return nil, err
	}
	if err := msg.To(l.address); err != nil {
		return nil, fmt.Errorf("the address of %s is not one", l.recipient)
	}
	if _, err := netmail.ParseAddress(contact); err == nil { // else answers go to the sender
		if err := msg.ReplyTo(contact); err != nil {
			return nil, err
		}
	}
	msg.Subject(subject)
	msg.SetMessageIDWithValue(l.id + "@" + domain)
	msg.SetDateWithValue(at)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(mail.HeaderContentLang, "fr")
	msg.SetBodyString(mail.TypeTextPlain, text)
	for _, a := range l.attached {
		msg.AttachFile(a.path, mail.WithFileName(a.name), mail.WithFileContentType(a.contentType()))
	}
	return msg, nil
}

// post sends one message. A *refusedError is final; after any other error the message may be sent again.
type post func(ctx context.Context, msg *mail.Msg) error

// refusedError is the server's final no to one message.
type refusedError struct {
	code, text string // the SMTP reply code, and all that was said: it may hold the address
}

func (e *refusedError) Error() string { return "refused: " + e.code }

// smtp is a post through the configured server; more options than the configuration's may follow.
func (m *Mail) smtp(password secret, more ...mail.Option) (post, error) {
	host, portText, err := net.SplitHostPort(m.Server)
	if err != nil {
		return nil, &hintError{errors.New("no server to send through"), "set courriel.serveur in cairn.toml"}
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("courriel: serveur %q: %w", m.Server, err)
	}
	options := []mail.Option{mail.WithPort(port), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithTimeout(mailTimeout)}
	if m.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.User), mail.WithPassword(string(password)))
	}
	options = append(options, more...)
	return func(ctx context.Context, msg *mail.Msg) error {
		client, err := mail.NewClient(host, options...)
		if err != nil {
			return err
		}
		err = client.DialAndSendWithContext(ctx, msg)
		if err == nil || msg.IsDelivered() { // the server has it: that it hung up badly is no matter
			return nil
		}
		var said *mail.SendError
		aboutIt := func() bool { // not about the connection or the sender, which the next letter shares
			return slices.Contains([]mail.SendErrReason{mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose}, said.Reason)
		}
		if errors.As(err, &said) && !said.IsTemp() && said.ErrorCode() >= 500 && aboutIt() {
			return &refusedError{strings.TrimSpace(fmt.Sprint(said.ErrorCode(), " ", said.EnhancedStatusCode())), said.Error()}
		}
		return err
	}, nil
}

// draft writes a message as a file that a mail program opens to be sent.
func draft(w io.Writer, msg *mail.Msg) error {
	msg.SetGenHeader("X-Unsent", "1")
	_, err := msg.WriteTo(w)
	return err
}

// attachment is a file that goes with a letter.
type attachment struct{ name, path string }

func (a attachment) contentType() mail.ContentType {
	switch a.name[strings.LastIndex(a.name, ".")+1:] {
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case "html":
		return "text/html; charset=utf-8"
	case "pdf":
		return "application/pdf"
	}
	return mail.TypeAppOctetStream
}

// letter is one e-mail to one person.
type letter struct {
	id        string // of what it brings and to whom; with « -2 » and so on when it is sent again
	recipient string // as it is named to people: the address that was configured, or « référent valbrune »
	address   string // for the envelope alone
	version   int
	original  string // of the file that a return is about
	text      exports.Letter
	attached  []attachment
}
