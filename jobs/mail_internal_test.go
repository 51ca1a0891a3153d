package jobs

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/wneessen/go-mail"

	"cairn/exports"
)

// certificate is one for 127.0.0.1, and the settings of a client that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	t.Cleanup(s.Close)
	trusted := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{ServerName: "127.0.0.1", RootCAs: trusted}
}

// mailbox is a mail server on loopback that takes what it is given from one user, and refuses « inconnu@ ».
type mailbox struct{ messages []string }

type mailboxSession struct {
	*mailbox
	known bool
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &mailboxSession{mailbox: m}, nil
}
func (s *mailboxSession) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *mailboxSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.known = user == "cairn" && password == "mot de passe"
		if !s.known {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}
func (s *mailboxSession) Mail(string, *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	return nil
}
func (s *mailboxSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "inconnu@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user: " + to}
	}
	return nil
}
func (s *mailboxSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	s.messages = append(s.messages, string(data))
	return err
}
func (s *mailboxSession) Reset()        {}
func (s *mailboxSession) Logout() error { return nil }

// serveMail starts a mailbox and returns it, its address and what a client needs to trust it.
func serveMail(t *testing.T) (*mailbox, string, *tls.Config) {
	t.Helper()
	m := &mailbox{}
	server := smtp.NewServer(m)
	var client *tls.Config
	server.TLSConfig, client = certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return m, l.Addr().String(), client
}

// oneLetter is a letter with a workbook attached.
func oneLetter(t *testing.T, recipient, address string) *letter {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.xlsx")
	if err := os.WriteFile(path, []byte("PK\x03\x04 un classeur"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := &letter{recipient: recipient, address: address, version: 2, attached: []attachment{{"2026-10_évaluation.xlsx", path}},
		text: exports.Letter{Kind: exports.LetterEvaluation, Programme: "Territoires « pilotes »", Period: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Version: 2,
			Attached: []string{"2026-10_évaluation.xlsx"}}}
	l.identify("2026-10_v2")
	return l
}

var letterDay = time.Date(2026, 11, 12, 6, 0, 0, 0, time.UTC)

func (m *Mail) testMessage(t *testing.T, l *letter) *mail.Msg {
	t.Helper()
	msg, err := m.message(l, letterDay, "Territoires « pilotes »", "contact@example.org")
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// A letter arrives through TLS with its accents and its file, once.
func TestMailArrives(t *testing.T) {
	box, address, trust := serveMail(t)
	m := &Mail{From: "cairn@example.org", Server: address, User: "cairn", Password: "smtp"}
	send, err := m.smtp("mot de passe", mail.WithTLSConfig(trust))
	if err != nil {
		t.Fatal(err)
	}
	l := oneLetter(t, "evaluation@example.org", "evaluation@example.org")
	if err := send(t.Context(), m.testMessage(t, l)); err != nil {
		t.Fatal(err)
	}
	if len(box.messages) != 1 {
		t.Fatalf("%d messages arrived", len(box.messages))
	}
	checkMessage(t, box.messages[0], l)
}

// The same letter has the same bytes, as a draft too; a mail program reads it as it was written.
func TestDraftIsTheLetter(t *testing.T) {
	m := &Mail{From: "cairn@example.org"}
	l := oneLetter(t, "evaluation@example.org", "evaluation@example.org")
	var drafts [2]strings.Builder
	for i := range drafts {
		if err := draft(&drafts[i], m.testMessage(t, l)); err != nil {
			t.Fatal(err)
		}
	}
	if drafts[0].String() != drafts[1].String() {
		t.Error("two drafts of one letter differ")
	}
	checkMessage(t, drafts[0].String(), l)
	if !strings.Contains(drafts[0].String(), "X-Unsent: 1\r\n") {
		t.Error("a mail program would not open the draft to be sent")
	}
}

// checkMessage reads a message as a mail program does.
func checkMessage(t *testing.T, text string, l *letter) {
	t.Helper()
	msg, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var words mime.WordDecoder
	header := func(name string) string {
		value, err := words.DecodeHeader(msg.Header.Get(name))
		if err != nil {
			t.Error(err)
		}
		return value
	}
	subject, body, _ := l.text.Text()
	for name, want := range map[string]string{
		"Message-ID": "<" + l.id + "@example.org>", "Date": "Thu, 12 Nov 2026 06:00:00 +0000", "Subject": subject, "To": "<" + l.address + ">",
		"From": "Territoires « pilotes » <cairn@example.org>", "Reply-To": "<contact@example.org>", "Auto-Submitted": "auto-generated",
	} {
		if got := header(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	_, parameters, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(msg.Body, parameters["boundary"])
	read, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(quotedprintable.NewReader(read))
	if plain := strings.ReplaceAll(string(got), "\r\n", "\n"); err != nil || strings.TrimSpace(plain) != strings.TrimSpace(body) {
		t.Errorf("the text: %v\n%s\nwant\n%s", err, plain, body)
	}
	file, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	if name, err := words.DecodeHeader(file.FileName()); err != nil || name != "2026-10_évaluation.xlsx" {
		t.Errorf("the file is named %q, %v", name, err)
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("more than one file: %v", err)
	}
}

// What a server says no to for good is a refusal; a connection, a password and a put-off are not the letter's fault.
func TestMailRefusals(t *testing.T) {
	_, address, trust := serveMail(t)
	m := &Mail{From: "cairn@example.org", Server: address, User: "cairn", Password: "smtp"}
	l := oneLetter(t, "référent valbrune", "inconnu@example.org")
	send, err := m.smtp("mot de passe", mail.WithTLSConfig(trust))
	if err != nil {
		t.Fatal(err)
	}
	no := new(refusedError)
	if err := send(t.Context(), m.testMessage(t, l)); !errors.As(err, &no) || no.code != "550 5.1.1" {
		t.Errorf("an unknown user: %v", err)
	}
	if told := l.discreet(no.code, no.text); told != "550 5.1.1" {
		t.Errorf("the address of a référent is told: %q", told)
	}
	for name, options := range map[string][]mail.Option{"a wrong password": {mail.WithTLSConfig(trust)}, "a server that is not trusted": nil} {
		send, err := m.smtp("autre", options...)
		if err != nil {
			t.Fatal(err)
		}
		err = send(t.Context(), m.testMessage(t, l))
		if err == nil || errors.As(err, new(*refusedError)) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "autre") {
			t.Errorf("%s: the password is told: %v", name, err)
		}
	}
}

// badServer is a mail server that goes wrong at the end of the message.
func badServer(t *testing.T, end func(net.Conn)) (string, *tls.Config) {
	t.Helper()
	server, client := certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go converse(conn, server, end)
		}
	}()
	return l.Addr().String(), client
}

func converse(conn net.Conn, config *tls.Config, end func(net.Conn)) {
	defer func() { conn.Close() }()
	fmt.Fprint(conn, "220 bad\r\n")
	lines := bufio.NewReader(conn)
	for inData := false; ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		command := strings.ToUpper(strings.TrimSpace(line))
		switch {
		case inData && command == ".":
			inData = false
			end(conn)
		case inData:
		case strings.HasPrefix(command, "EHLO"):
			fmt.Fprint(conn, "250-bad\r\n250 STARTTLS\r\n")
		case command == "STARTTLS":
			fmt.Fprint(conn, "220 go on\r\n")
			conn = tls.Server(conn, config)
			lines = bufio.NewReader(conn)
		case command == "DATA":
			inData = true
			fmt.Fprint(conn, "354 go on\r\n")
		case command == "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			fmt.Fprint(conn, "250 ok\r\n")
		}
	}
}

func TestMailServerFaults(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	defer close(stop)
	for _, c := range []struct {
		fault   string
		end     func(net.Conn)
		arrived bool
		final   bool
	}{
		{"drops", func(c net.Conn) { c.Close() }, false, false},
		{"stalls", func(net.Conn) { <-stop }, false, false},
		{"puts off", func(c net.Conn) { fmt.Fprint(c, "451 4.3.0 later\r\n") }, false, false},
		{"refuses", func(c net.Conn) { fmt.Fprint(c, "554 5.7.1 no\r\n") }, false, true},
		{"answers twice", func(c net.Conn) { fmt.Fprint(c, "250 ok\r\n250 ok\r\n") }, true, false},
		{"takes it and drops", func(c net.Conn) { fmt.Fprint(c, "250 ok\r\n"); c.Close() }, true, false},
	} {
		t.Run(c.fault, func(t *testing.T) {
			address, trust := badServer(t, c.end)
			m := &Mail{From: "cairn@example.org", Server: address}
			send, err := m.smtp("", mail.WithTLSConfig(trust), mail.WithTimeout(500*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			err = send(t.Context(), m.testMessage(t, oneLetter(t, "a@example.org", "a@example.org")))
			if (err == nil) != c.arrived || errors.As(err, new(*refusedError)) != c.final {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A server without STARTTLS gets nothing.
func TestMailNeedsTLS(t *testing.T) {
	box := &mailbox{}
	server := smtp.NewServer(box)
	server.AllowInsecureAuth = true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	defer server.Close()
	m := &Mail{From: "cairn@example.org", Server: l.Addr().String(), User: "cairn", Password: "smtp"}
	send, err := m.smtp("mot de passe")
	if err != nil {
		t.Fatal(err)
	}
	if err := send(t.Context(), m.testMessage(t, oneLetter(t, "a@example.org", "a@example.org"))); err == nil || len(box.messages) > 0 {
		t.Errorf("a letter left in the clear: %v", err)
	}
}

func TestSecret(t *testing.T) {
	w := &Workspace{Dir: t.TempDir()}
	path := w.path("smtp")
	if err := os.WriteFile(path, []byte("mot de passe\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := w.secret("smtp"); err == nil {
		t.Error("a secret that others may read was taken")
	}
	os.Chmod(path, 0o600)
	s, err := w.secret("smtp")
	if err != nil || string(s) != "mot de passe" {
		t.Errorf("%q, %v", string(s), err)
	}
	if shown := fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s); strings.Contains(shown, "passe") {
		t.Errorf("shown: %s", shown)
	}
	for _, name := range []string{"absent", "../smtp", "a/b", ""} {
		if s, err := w.secret(name); err == nil {
			t.Errorf("secret %q: %q", name, string(s))
		}
	}
	credentials := t.TempDir()
	os.WriteFile(filepath.Join(credentials, "smtp"), []byte("autre"), 0o400)
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	if s, err := w.secret("smtp"); err != nil || string(s) != "autre" {
		t.Errorf("the credential: %q, %v", string(s), err)
	}
}
