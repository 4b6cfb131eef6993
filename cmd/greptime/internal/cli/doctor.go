package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/greptime-go/greptime/cmd/greptime/internal/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	var write, asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Examine the connection to the server",
		Long: `Examine the connection to the server: whether it can be reached, what speaks
there, who you are, the server's version, the database, the time zone, the
clocks, the latency, and which services answer. A problem comes with
its remedy where one is known.

Nothing is written, unless --write is set. The exit status is 1 if there is a
problem.`,
		Example: `  greptime doctor --dsn greptime://localhost:4001/public
  greptime doctor -c prod --write
  greptime doctor --json | jq '.checks[] | select(.status != "ok")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return a.doctor(ctx, write, asJSON)
		},
	}
	cmd.Flags().BoolVar(&write, "write", false, "also write rows to tables of the doctor's own, and drop them")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// errUnwell ends doctor when there is a problem, which is printed already.
var errUnwell = errors.New("there are problems")

func (a *app) doctor(ctx context.Context, write, asJSON bool) error {
	set, err := a.loadSettings(ctx)
	var usage usageError
	if errors.As(err, &usage) {
		return err
	}
	style := doctor.Style{Color: a.Color(a.color)}
	style.Width, _ = a.TerminalSize()
	var checks []doctor.Check
	report := func(c doctor.Check) {
		checks = append(checks, c)
		if !asJSON {
			doctor.Print(a.Out, c, style)
		}
	}
	if err != nil {
		report(doctor.BadSettings(err))
	} else {
		doctor.Examine(ctx, set.Config, doctor.Options{Write: write}, report)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	problems := doctor.Count(checks, doctor.Problem)
	if asJSON {
		if err := doctor.PrintJSON(a.Out, checks); err != nil {
			return err
		}
	} else {
		doctor.PrintSkipped(a.Out, checks, style)
		if _, err := fmt.Fprintln(a.Out, summary(problems, doctor.Count(checks, doctor.Warning))); err != nil {
			return err
		}
	}
	if problems > 0 {
		return errUnwell
	}
	return nil
}

// summary returns the last line of doctor.
func summary(problems, warnings int) string {
	there := "There is"
	if problems > 1 {
		there = "There are"
	}
	switch {
	case problems+warnings == 0:
		return "All is well."
	case problems == 0:
		return fmt.Sprintf("It works, with %s.", count(warnings, "warning"))
	case warnings == 0:
		return fmt.Sprintf("%s %s.", there, count(problems, "problem"))
	}
	return fmt.Sprintf("%s %s and %s.", there, count(problems, "problem"), count(warnings, "warning"))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
