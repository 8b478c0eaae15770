package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/catalogue"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

func importCommand() *cobra.Command {
	var flags catalogueFlags
	var dry bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Bring products in from a CSV or JSON Lines file, .gz too; what is there by its SKU is updated",
		Long: `Import makes the catalogue as FILE (.csv, .jsonl or .ndjson, also .gz) says, each product by its SKU.
The fields are sku, name, brand, model, category, colorway, description, gender,
retail_price_cents, currency, release_date and status; main_color fills a blank colorway.
A column that is not there changes nothing; a cell that is blank makes its field blank.
What is equal already is left alone, so an import that was cut off is simply repeated.
` + whichCatalogue,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var report catalogue.Report
			file, err := catalogue.Open(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }() // it was only read
			show, end := counter(cmd, "import")
			err = flags.reach(cmd, func(ctx context.Context, products productv1.ProductServiceClient) error {
				report, err = catalogue.Import(ctx, products, file, dry, show)
				return err
			})
			end()
			if err != nil {
				return fmt.Errorf("import %s: %w", args[0], err)
			}
			return sayImport(cmd, report, dry)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be done and do nothing")
	flags.add(cmd)
	return cmd
}

// sayImport shows what went wrong and ends with the counts.
func sayImport(cmd *cobra.Command, r catalogue.Report, dry bool) error {
	for _, e := range r.Errors {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), e)
	}
	if more := r.Failed - int64(len(r.Errors)); more > 0 {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "and %d rows more\n", more)
	}
	if len(r.Ignored) > 0 {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "not understood and left out: %s\n", strings.Join(r.Ignored, ", "))
	}
	if dry {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "a dry run: nothing was changed")
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), r); err != nil {
		return err
	}
	if r.Failed > 0 {
		return fmt.Errorf("%d of %d rows were not imported", r.Failed, r.Rows)
	}
	return nil
}
