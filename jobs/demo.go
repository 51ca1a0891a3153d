package jobs

import (
	"fmt"

	"cairn/jobs/demo"
)

type demoCmd struct {
	Dir    string `arg:"" help:"Folder to make the workspace in: absent or empty."`
	Months int    `help:"Months of workbooks." default:"24"`
	Seed   uint64 `help:"Seed of the fiction: the same one gives the same files." default:"1"`
}

// Run makes a workspace whose files are the same on any day.
func (c *demoCmd) Run(e *env) error {
	if c.Months < demo.MinMonths {
		return &hintError{fmt.Errorf("demo: --months %d is too few", c.Months), fmt.Sprintf("at least %d", demo.MinMonths)}
	}
	if err := initWorkspace(c.Dir, "Programme fictif de démonstration", "demo@cairn.example"); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	world := demo.Generate(c.Seed, c.Months)
	if err := world.Write(c.Dir); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	fmt.Fprintf(e.stdout, "workspace made in %s: %d fictional territories, %d workbooks, %d months to %s\nnext: cairn run --workspace %s\n",
		c.Dir, len(world.Territories), len(world.Deliveries), world.Months, world.Last.Format("2006-01"), c.Dir)
	return nil
}
