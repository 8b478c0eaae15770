# Prints every value of a JSON text on a line of its own: PATH<tab>VALUE, such as
# matches.0.price<tab>22000. A list also has PATH.length; null has no line.
{ text = text $0 "\n" }
END { while (skip() != "") value("") }

function skip() { sub(/^[ \t\r\n]+/, "", text); return substr(text, 1, 1) }
function take(n,  t) { t = substr(text, 1, n); text = substr(text, n + 1); return t }
function below(path, key) { return path == "" ? key : path "." key }

function word(  t) {
    if (!match(text, /^"([^"\\]|\\.)*"/)) bad()
    t = take(RLENGTH)
    t = substr(t, 2, length(t) - 2)
    gsub(/\\[nrt]/, " ", t)
    gsub(/\\"/, "\"", t)
    gsub(/\\\//, "/", t)
    gsub(/\\\\/, "\\", t)
    return t
}

function value(path,  c, n, key) {
    c = skip()
    if (c == "{") {
        take(1)
        if (skip() == "}") { take(1); return }
        do { skip(); key = word(); if (skip() != ":") bad(); take(1); value(below(path, key)); skip(); c = take(1) } while (c == ",")
        if (c != "}") bad()
    } else if (c == "[") {
        take(1); n = 0
        if (skip() == "]") take(1)
        else {
            do { value(below(path, n++)); skip(); c = take(1) } while (c == ",")
            if (c != "]") bad()
        }
        print below(path, "length") "\t" n
    } else if (c == "\"") {
        print path "\t" word()
    } else {
        if (!match(text, /^[-+.0-9a-zA-Z]+/)) bad()
        c = take(RLENGTH)
        if (c != "null") print path "\t" c
    }
}

function bad() { print "json.awk: no JSON at: " substr(text, 1, 40) >"/dev/stderr"; exit 2 }
