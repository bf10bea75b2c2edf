package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/terminal"
)

// otherWords are what other programs call a command of ours: command path ->
// words.
var otherWords = map[string][]string{
	"reggen build":           {"generate", "template", "print"},
	"reggen check":           {"lint", "validate", "verify", "doctor", "test"},
	"reggen diff":            {"plan", "compare"},
	"reggen explain":         {"describe", "doc", "docs", "field"},
	"reggen import":          {"migrate", "convert", "adopt"},
	"reggen init":            {"new", "create", "bootstrap"},
	"reggen offboard":        {"revoke"},
	"reggen probe":           {"ping", "healthcheck", "smoke"},
	"reggen render":          {"export", "write"},
	"reggen seal":            {"encrypt", "update"},
	"reggen user add":        {"new", "create"},
	"reggen user list":       {"ls", "show", "get"},
	"reggen user remove":     {"rm", "delete", "del"},
	"reggen user verify":     {"check", "test"},
	"reggen credential set":  {"add", "new", "create"},
	"reggen credential show": {"get", "cat", "list", "ls"},
}

// suggested is the command below cmd that a mistyped word most likely meant.
func suggested(cmd *cobra.Command, word string) string {
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && slices.Contains(otherWords[c.CommandPath()], strings.ToLower(word)) {
			return c.Name()
		}
	}
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		return near[0]
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return problem.Nearest(word, names)
}

// onlyCommands is the rule for arguments of a command that only has others
// below it: anything else is a mistyped command.
func onlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	p := problem.Problem{What: fmt.Sprintf("%s has no command %q", cmd.CommandPath(), args[0]), Near: suggested(cmd, args[0])}
	return terminal.Misuse{Command: cmd.CommandPath(), Err: p}
}

// nothing is the rule for a command that takes no argument.
func nothing(cmd *cobra.Command, args []string) error {
	return atMost(0, "none")(cmd, args)
}

// atMost allows so many arguments and says which. It names none that were
// given: one may be a password in the wrong place.
func atMost(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= n {
			return nil
		}
		p := problem.Problem{What: fmt.Sprintf("%d argument%s given", len(args), terminal.Plural(len(args))), Want: what}
		return terminal.Misuse{Command: cmd.CommandPath(), Err: p}
	}
}

// nearFlag is the flag of a command that a mistyped one most likely meant.
func nearFlag(cmd *cobra.Command, name string) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := problem.Nearest(name, names); near != "" {
		return "--" + near
	}
	return ""
}

// strict makes the commands that cobra brings, help and completion, refuse a
// word that they don't know, as the others do.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			c.Args = onlyCommands
			c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range c.Commands() {
				shell.Args = nothing
			}
		case "help":
			c.Run = nil
			c.RunE = func(_ *cobra.Command, args []string) error {
				about, rest, err := root.Find(args)
				if err != nil || about == nil {
					about, rest = root, args
				}
				if len(rest) > 0 {
					return onlyCommands(about, rest)
				}
				about.InitDefaultHelpFlag()
				return about.Help()
			}
		}
	}
}

// flagProblem words a mistake with a flag. It names the flag and never what
// was given for it: that may be a password in the wrong place.
func flagProblem(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return problem.Problem{Path: "-" + unknown.GetSpecifiedName(), What: "there is no such flag"}
	case errors.As(err, &unknown):
		return problem.Problem{Path: "--" + unknown.GetSpecifiedName(), What: "there is no such flag", Near: nearFlag(cmd, unknown.GetSpecifiedName())}
	case errors.As(err, &value) && value.GetFlag().Value.Type() == "bool":
		return problem.Problem{Path: "--" + value.GetFlag().Name, What: "takes no value"}
	case errors.As(err, &value):
		return problem.Problem{Path: "--" + value.GetFlag().Name, What: "takes another kind of value", Want: value.GetFlag().Value.Type()}
	case errors.As(err, &missing):
		return problem.Problem{Path: "--" + missing.GetFlag().Name, What: "needs a value"}
	}
	return problem.Problem{What: "the flags can't be read"}
}
