package seed

// What the demo's shoes are called. Brands, models and colours are made up here;
// none is taken from a catalogue.

// maker is a brand with the look of its style codes: # is a digit, @ a letter.
type maker struct{ name, code string }

var makers = []maker{
	{"Halden", "HD####-###"},
	{"Corvane", "CV####"},
	{"Tessaro", "T####@@"},
	{"Brightmoor", "BM##-####"},
	{"Kitefin", "KF####-###"},
	{"Velluto", "VL#####"},
	{"Pacelane", "PL####@"},
	{"Orrin & Vale", "OV####-##"},
	{"Zephra", "ZF####"},
	{"Ninebark", "NB@####@"},
}

// line is a model that comes in many colourways.
type line struct {
	maker    int // in makers
	model    string
	category string
	gender   string
	retail   int64 // whole dollars
}

// lines are sorted so that neighbours differ in brand and category.
var lines = []line{
	{0, "Court 84 Low", "sneakers", "men", 110},
	{1, "Meridian Runner", "running", "unisex", 140},
	{2, "Elevate 3 High", "basketball", "men", 160},
	{3, "Curbside Pro", "skate", "unisex", 85},
	{4, "Drift 2", "running", "men", 150},
	{5, "Piazza Low", "sneakers", "unisex", 130},
	{6, "Tempo Zero", "running", "unisex", 180},
	{7, "Heritage 71", "sneakers", "men", 120},
	{8, "Skyline Mid", "basketball", "men", 145},
	{9, "Ledge", "skate", "unisex", 75},
	{0, "Court 84 High", "sneakers", "men", 130},
	{1, "Alto Trail", "trail", "men", 155},
	{2, "Elevate 4 Low", "basketball", "men", 150},
	{3, "Boardwalk Vulc", "skate", "unisex", 70},
	{4, "Undertow", "sneakers", "unisex", 125},
	{5, "Corso Trainer", "training", "unisex", 115},
	{6, "Longhaul 5", "running", "men", 165},
	{7, "Ridgeway Shell", "trail", "unisex", 170},
	{8, "Skyline Low", "sneakers", "men", 135},
	{9, "Halfpipe Mid", "skate", "men", 90},
	{0, "Vanguard One", "basketball", "men", 190},
	{1, "Meridian 2.0", "running", "unisex", 150},
	{2, "Arc Runner", "running", "unisex", 130},
	{3, "Foundry 12", "sneakers", "men", 140},
	{4, "Riptide Slip", "skate", "unisex", 65},
	{5, "Piazza High", "sneakers", "unisex", 150},
	{6, "Tempo Daily", "running", "unisex", 120},
	{7, "Heritage 88", "sneakers", "men", 125},
	{8, "Cloudline", "running", "unisex", 145},
	{9, "Grindstone", "skate", "unisex", 80},
	{0, "Relay Trainer", "training", "unisex", 100},
	{1, "Parallel Low", "sneakers", "unisex", 105},
	{2, "Elevate Classic", "basketball", "men", 175},
	{3, "Moorland Trail", "trail", "unisex", 135},
	{4, "Drift Racer", "running", "unisex", 210},
	{5, "Notte Mid", "sneakers", "unisex", 160},
	{6, "Splitstep", "training", "unisex", 110},
	{7, "Copperfield", "sneakers", "men", 145},
	{8, "Zenith 1", "basketball", "men", 200},
	{9, "Quarter Cup", "skate", "unisex", 85},
}

// paint is a colourway: its nickname and its colours.
type paint struct{ nickname, colors string }

// paints have a prime number of entries, so that any step walks through all of them.
var paints = []paint{
	{"Harbor Fog", "Pale Grey/Slate-White"},
	{"Ember Night", "Black/Ember Red-Charcoal"},
	{"Saltmarsh", "Seafoam/Sand-Off White"},
	{"Blue Hour", "Deep Navy/Cobalt-White"},
	{"Lemon Ice", "Pale Yellow/White-Gum"},
	{"Pinewood", "Forest Green/Bark-Sail"},
	{"Chalk Line", "Chalk White/Chalk White-Ice"},
	{"Rosewater", "Dusty Pink/Rose-Cream"},
	{"Thunderhead", "Storm Grey/Anthracite-Silver"},
	{"Apricot Haze", "Apricot/Peach-Bone"},
	{"Ink and Paper", "Ink Black/Paper White"},
	{"Copper Kettle", "Copper/Espresso-Gum"},
	{"Glacier Mint", "Mint/Glacier Blue-White"},
	{"Grape Soda", "Violet/Lilac-Black"},
	{"Desert Static", "Sandstone/Rust-Black"},
	{"Signal Orange", "Signal Orange/Black-White"},
	{"Moss Garden", "Moss/Olive-Khaki"},
	{"Cherry Stem", "Cherry Red/Leaf Green-White"},
	{"First Frost", "Ice Blue/Silver-White"},
	{"Midnight Plum", "Plum/Midnight-Black"},
	{"Oat Milk", "Oat/Ivory-Gum"},
	{"Electric Tide", "Royal Blue/Volt-White"},
	{"Brick Lane", "Brick/Sail-Black"},
	{"Quiet Storm", "Cool Grey/Graphite-White"},
	{"Sunday Paper", "Newsprint Grey/Off White-Black"},
	{"Lagoon", "Teal/Aqua-White"},
	{"Burnt Sugar", "Caramel/Tan-Cream"},
	{"Neon Alley", "Black/Hot Pink-Volt"},
	{"Stone Fruit", "Coral/Mauve-Sail"},
	{"Evergreen", "White/Evergreen-Gum"},
	{"Ash and Bone", "Ash Grey/Bone-Black"},
	{"Varsity Gold", "White/Gold-Black"},
	{"Cornflower", "Cornflower Blue/White-Grey"},
	{"Black Tea", "Dark Brown/Black-Amber"},
	{"Tidepool", "Turquoise/Sand-Navy"},
	{"Raspberry Jam", "Raspberry/Burgundy-White"},
	{"Paperwhite", "White/White-White"},
	{"Triple Night", "Black/Black-Black"},
	{"Clay Court", "Clay/Cream-Green"},
	{"Northern Light", "Aurora Green/Violet-Black"},
	{"Wet Cement", "Cement Grey/Speckle-Black"},
}

// run is a system of sizes with its labels, the most wanted in the middle.
type run struct {
	system string
	labels []string
}

var (
	mens   = run{"US_M", []string{"7", "7.5", "8", "8.5", "9", "9.5", "10", "10.5", "11", "11.5", "12", "13"}}
	womens = run{"US_W", []string{"5", "5.5", "6", "6.5", "7", "7.5", "8", "8.5", "9", "9.5", "10", "10.5"}}
	grade  = run{"US_GS", []string{"3.5", "4", "4.5", "5", "5.5", "6", "6.5", "7"}}
)

// name is somebody of the demo.
type name struct{ first, last string }

// Those of the demo besides its four known accounts; sellers and buyers share none.
var (
	sellerNames = []name{
		{"Mika", "Orr"},
		{"Dana", "Quill"},
		{"Theo", "Marsh"},
		{"Ines", "Calder"},
		{"Ravi", "Stone"},
		{"Lotte", "Brandt"},
		{"Omar", "Vance"},
		{"Priya", "Holm"},
		{"Gus", "Weller"},
	}
	buyerNames = []name{
		{"Clara", "Finch"},
		{"Dario", "West"},
		{"Elif", "Aydin"},
		{"Finn", "Larsen"},
		{"Hana", "Mori"},
		{"Jonas", "Pike"},
		{"Kofi", "Adu"},
		{"Lucia", "Reyes"},
	}
)
