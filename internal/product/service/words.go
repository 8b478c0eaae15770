package service

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// maxSlug leaves room for a suffix within the 320 characters of a slug.
const maxSlug = 300

// stubborn letters have no accent that normalization could part from them.
var stubborn = strings.NewReplacer("Ø", "O", "ø", "o", "Ł", "L", "ł", "l", "Đ", "D", "đ", "d", "ı", "i",
	"ß", "ss", "Æ", "ae", "æ", "ae")

// Fold returns the words of a text as search compares them: without accents, in lower
// case, parted by blanks instead of punctuation. The SQL function product_words does the same.
func Fold(text string) string {
	plain := stubborn.Replace(strings.Map(func(r rune) rune {
		if r >= 0x300 && r <= 0x36f {
			return -1
		}
		return r
	}, norm.NFKD.String(text)))
	return strings.ToLower(strings.Join(strings.FieldsFunc(plain, punctuation), " "))
}

// punctuation reports whether r parts words. Letters of every script do not.
func punctuation(r rune) bool {
	switch {
	case r < '0', r > '9' && r < 'A', r > 'Z' && r < 'a', r > 'z' && r <= 0xbf,
		r == '×', r == '÷', r >= 0x2000 && r <= 0x206f, r >= 0x3000 && r <= 0x303f:
		return true
	}
	return false
}

// Words cuts a query into what is searched for; the last word may still be in typing.
func Words(query string) []model.Word {
	var words []model.Word
	for _, piece := range strings.FieldsFunc(query, unicode.IsSpace) {
		if parts := strings.Fields(Fold(piece)); len(parts) > 0 {
			words = append(words, model.Word{Parts: parts})
		}
	}
	if n := len(words); n > 0 {
		words[n-1].Prefix = true
	}
	return words
}

// Slug returns name and SKU as a piece of an address: a-z, 0-9 and single hyphens.
// From the second try on it ends with digits of the product's id.
func Slug(name, sku string, product id.UUID, try int) string {
	slug := ascii(Fold(name + " " + sku))
	if len(slug) > maxSlug {
		slug = strings.TrimRight(slug[:maxSlug], "-")
	}
	if slug == "" {
		slug = "product"
	}
	if try > 0 {
		hex := strings.ReplaceAll(product.String(), "-", "")
		slug += "-" + hex[len(hex)-8:]
	}
	if try > 1 {
		slug += "-" + strconv.Itoa(try)
	}
	return slug
}

func ascii(words string) string {
	return strings.Join(strings.FieldsFunc(words, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}
