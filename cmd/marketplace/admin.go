package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func adminCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "admin", Short: "What only the operator of the machine may do"}
	cmd.AddCommand(createOwnerCommand())
	return cmd
}

func createOwnerCommand() *cobra.Command {
	var email string
	cmd := &cobra.Command{
		Use:   "create-owner --email you@example.com",
		Short: "Make the first owner; the password is read from standard input",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			password, err := readPassword(cmd)
			if err != nil {
				return err
			}
			src := config.Environ()
			return app.WithDatabase(cmd.Context(), src, stateOf(cmd), func(url string) error {
				if err := app.CreateOwner(cmd.Context(), src, url, email, password); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is the owner now and can sign in.\n", email)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&email, "email", "", "`address` of the owner's account")
	if err := cmd.MarkFlagRequired("email"); err != nil {
		panic(err) // the flag is two lines up
	}
	return cmd
}

// readPassword reads one line, without echo from a terminal.
func readPassword(cmd *cobra.Command) (string, error) {
	if f, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		_, _ = fmt.Fprint(cmd.ErrOrStderr(), "Password: ")
		text, err := term.ReadPassword(int(f.Fd()))
		_, _ = fmt.Fprintln(cmd.ErrOrStderr())
		return string(text), err
	}
	line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return "", errors.New("no password on standard input: give it on one line")
	}
	return password, nil
}
