package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/catalogue"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

func exportCommand() *cobra.Command {
	var flags catalogueFlags
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write every product into a CSV or JSON Lines file, .gz too, as import reads it",
		Long: `Export writes the catalogue, hidden products and drafts too, into FILE (.csv, .jsonl or .ndjson,
also .gz) in the order of SKUs. In a CSV a text that a spreadsheet would run as a formula
has a ' before it, which import takes away again.
` + whichCatalogue,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := catalogue.Create(args[0])
			if err != nil {
				return err
			}
			var rows int64
			show, end := counter(cmd, "export")
			err = flags.reach(cmd, func(ctx context.Context, products productv1.ProductServiceClient) error {
				rows, err = catalogue.Export(ctx, products, file, show)
				return err
			})
			end()
			if err != nil {
				return fmt.Errorf("export %s: %w", args[0], errors.Join(err, file.Abort()))
			}
			if err := file.Close(); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "export rows=%d\n", rows)
			return err
		},
	}
	flags.add(cmd)
	return cmd
}
