package repository

import (
	"fmt"
	"strings"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
)

// relevance puts an equal SKU first, then products that have every word whole, then those
// where the last word goes on, which a digit does in many style codes. Among equals it ranks
// by where the words stand, in millionths. The rank of a product does not depend on other
// products, so pages stay stable under inserts.
func (q *query) relevance(l model.List) order {
	sku, whole := "", make([]model.Word, 0, len(l.Words))
	for _, w := range l.Words {
		sku += w.Joined()
		whole = append(whole, model.Word{Parts: w.Parts})
	}
	return order{
		column: fmt.Sprintf("CASE WHEN p.search @@ %[1]s THEN (ts_rank(p.search, %[1]s) * 1000000)::bigint"+
			" + CASE WHEN p.sku_joined = %[3]s THEN 4000000 ELSE 2000000 END"+
			" ELSE (ts_rank(p.search, %[2]s) * 1000000)::bigint END",
			q.words(whole), q.words(l.Words), q.bind(sku)),
		descending: true,
		bind:       number,
	}
}

// words binds words as a text search that is read once and not for every row.
func (q *query) words(words []model.Word) string {
	return "(SELECT to_tsquery('simple', " + q.bind(tsquery(words)) + "))"
}

// tsquery writes words as a text search: each of them must be there, the last may go on.
// A word that punctuation parts also matches written as one, as style codes often are.
func tsquery(words []model.Word) string {
	all := make([]string, 0, len(words))
	for _, w := range words {
		ending := ""
		if w.Prefix {
			ending = ":*"
		}
		term := lexeme(w.Parts[0])
		for _, part := range w.Parts[1:] {
			term += " & " + lexeme(part)
		}
		term += ending
		if len(w.Parts) > 1 {
			term = "(" + term + " | " + lexeme(w.Joined()) + ending + ")"
		}
		all = append(all, term)
	}
	return strings.Join(all, " & ")
}

// lexeme quotes a folded word; folding leaves no quote or backslash in it, but nothing here relies on that.
func lexeme(word string) string {
	return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(word) + "'"
}
