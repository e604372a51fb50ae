package content

import (
	"strconv"
	"time"
)

// The methods in this file write JSON. What they are given as text stands between
// the quotes as it is, escapes included.

// sep writes the comma before a member or an element, unless it is the first.
func (g *Generator) sep() {
	if n := len(g.b); n > 0 {
		switch g.b[n-1] {
		case '{', '[', ':':
		default:
			g.b = append(g.b, ',')
		}
	}
}

func (g *Generator) open(bracket byte) {
	g.sep()
	g.b = append(g.b, bracket)
}

func (g *Generator) end(bracket byte) { g.b = append(g.b, bracket) }

func (g *Generator) key(k string) {
	g.sep()
	g.b = append(g.b, '"')
	g.b = append(g.b, k...)
	g.b = append(g.b, '"', ':')
}

func (g *Generator) obj(k string) { g.key(k); g.b = append(g.b, '{') }
func (g *Generator) arr(k string) { g.key(k); g.b = append(g.b, '[') }

// str writes a member whose text comes in parts.
func (g *Generator) str(k string, parts ...string) {
	g.key(k)
	g.b = append(g.b, '"')
	for _, p := range parts {
		g.b = append(g.b, p...)
	}
	g.b = append(g.b, '"')
}

func (g *Generator) num(k string, n int64) {
	g.key(k)
	g.b = strconv.AppendInt(g.b, n, 10)
}

// raw writes a member whose value is JSON already.
func (g *Generator) raw(k, value string) {
	g.key(k)
	g.b = append(g.b, value...)
}

func (g *Generator) flag(k string, on bool) {
	g.key(k)
	g.b = strconv.AppendBool(g.b, on)
}

// item writes an element that is a string.
func (g *Generator) item(text string) {
	g.sep()
	g.b = append(g.b, '"')
	g.b = append(g.b, text...)
	g.b = append(g.b, '"')
}

func (g *Generator) time(k string, t time.Time, zone string) {
	g.key(k)
	g.b = append(g.b, '"')
	g.b = t.AppendFormat(g.b, "2006-01-02T15:04:05")
	g.b = append(g.b, zone...)
	g.b = append(g.b, '"')
}

// guid writes a member that is a random GUID.
func (g *Generator) guid(k string) {
	g.key(k)
	g.b = append(g.b, '"')
	g.b = AppendGUID(g.b, g.Uint64(), g.Uint64())
	g.b = append(g.b, '"')
}

const hexDigits = "0123456789abcdef"

// AppendGUID appends a GUID of version 4 that holds the bits of hi and lo.
func AppendGUID(b []byte, hi, lo uint64) []byte {
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 1<<63
	for i := 60; i >= 0; i -= 4 {
		b = append(b, hexDigits[hi>>i&15])
		if i == 32 || i == 16 {
			b = append(b, '-')
		}
	}
	b = append(b, '-')
	for i := 60; i >= 0; i -= 4 {
		b = append(b, hexDigits[lo>>i&15])
		if i == 48 {
			b = append(b, '-')
		}
	}
	return b
}

// chars writes n random letters and digits into an open string.
func (g *Generator) chars(n int) {
	const set = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	for ; n > 0; n -= 10 {
		for x, i := g.Uint64(), 0; i < min(n, 10); i++ {
			g.b = append(g.b, set[x&63])
			x >>= 6
		}
	}
}

// token writes a member that is n random letters and digits.
func (g *Generator) token(k string, n int) {
	g.key(k)
	g.b = append(g.b, '"')
	g.chars(n)
	g.b = append(g.b, '"')
}

// pair writes an element {"Name":…,"Value":…}.
func (g *Generator) pair(name, value string) {
	g.open('{')
	g.str("Name", name)
	g.str("Value", value)
	g.end('}')
}
