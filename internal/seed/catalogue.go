package seed

// shoe is a product of the demo.
type shoe struct {
	sku, name, brand, model, colorway, gender, released string
	retail                                              int64 // cents
	market                                              int64 // about what it trades at, cents
}

// shoes is the demo's catalogue.
var shoes = []shoe{
	{"555088-134", "Air Jordan 1 Retro High OG University Blue", "Jordan", "Air Jordan 1", "White/University Blue-Black", "men", "2021-03-06", 17000, 29500},
	{"DZ5485-612", "Air Jordan 1 Retro High OG Chicago Lost and Found", "Jordan", "Air Jordan 1", "Varsity Red/Black-Sail", "men", "2022-11-19", 18000, 41000},
	{"CT8012-005", "Air Jordan 11 Retro Cool Grey", "Jordan", "Air Jordan 11", "Medium Grey/Multi-Color", "men", "2021-12-11", 22500, 30000},
	{"DH6927-111", "Air Jordan 4 Retro Military Black", "Jordan", "Air Jordan 4", "White/Black-Neutral Grey", "men", "2022-05-21", 21000, 38500},
	{"DD1391-100", "Dunk Low Retro White Black", "Nike", "Dunk Low", "White/Black", "men", "2021-03-10", 10000, 14500},
	{"DD1503-101", "Dunk Low White Black (Women's)", "Nike", "Dunk Low", "White/Black", "women", "2021-03-10", 11000, 13500},
	{"CW2288-111", "Air Force 1 Low '07 White", "Nike", "Air Force 1", "White/White", "unisex", "2021-01-01", 11000, 11000},
	{"DZ5762-103", "Air Max 1 '86 Big Bubble Red", "Nike", "Air Max 1", "White/University Red", "men", "2023-03-26", 15000, 16500},
	{"HQ4540", "Yeezy Boost 350 V2 Onyx", "adidas", "Yeezy Boost 350", "Onyx/Onyx/Onyx", "unisex", "2022-04-09", 23000, 28500},
	{"B75806", "Samba OG Cloud White Core Black", "adidas", "Samba", "Cloud White/Core Black", "unisex", "2018-01-01", 10000, 10500},
	{"BB550WT1", "550 White Green", "New Balance", "550", "White/Green", "unisex", "2021-02-26", 11000, 13000},
	{"M990GL6", "990v6 Made in USA Grey", "New Balance", "990v6", "Grey/Grey", "men", "2022-11-04", 20000, 21500},
}

// sizes are the markets of each product.
var sizes = []string{"8", "9", "10", "11"}
