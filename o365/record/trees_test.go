package record

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// maker makes up JSON texts, and damages them.
type maker struct {
	*rand.Rand
	text  []byte
	space bool // there is white space between tokens
}

// pieces of strings, numbers and names, most of them at a border of some kind.
var (
	chars = []string{
		"a", "bc", "Id", " ", "/", "~", "'", "\x7f", "é", "ß", "\u0080", "\u07ff", "\u0800", "–", "\ud7ff", "\ue000", "\ufffd",
		"\uffff", "\U00010000", "🔒", "\U0010ffff", `\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u0000`, `\u001f`,
		`\u0041`, `\u00E9`, `\u20ac`, `\ud83d\udd12`, `\uD800\uDC00`, `\udbff\uDFFF`, `\ufffd`, `\uFFFF`,
		"the quick brown fox", "contoso.onmicrosoft.com", `{\"a\":[1]}`,
	}
	numbers = []string{
		"0", "-0", "1", "-1", "9", "10", "-32", "-33", "127", "128", "-128", "-129", "255", "256", "32767", "-32768", "-32769",
		"65535", "65536", "2147483647", "-2147483648", "-2147483649", "4294967295", "4294967296", "9007199254740993",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
		"9999999999999999999", "10000000000000000000", "18446744073709551615", "18446744073709551616", "-18446744073709551615",
		"99999999999999999999", "184467440737095516150", "0.0", "-0.0", "26.0", "0.1", "-1.5", "1e9", "1E+9", "5e-324", "4e-324",
		"0.30000000000000004", "0.90000000000000001", "0.90000000000000002", "1.7976931348623157e308", "1e400", "-1e-400",
		"0e99999999999", "3.141592653589793238", "9007199254740993.0", "123456789012345678e-5", "1e22", "1e23",
	}
	names = []string{"Id", "CreationTime", "a", "", "Name", "Value", "ExtendedProperties", "a/b~c", `\u0049d`, `I\u0064`, "ID", "é"}
	times = []string{"2024-05-06T07:08:09", "2024-05-06 07:08:09Z", "5b0b8ccd-0f5c-4a3c-9d3e-1c2b3a4d5e6f"}
)

func (m *maker) pick(of []string) string { return of[m.IntN(len(of))] }

// object makes up an object of about so many values; deep is for how many containers
// inside each other there is room.
func (m *maker) object(values, deep int) {
	m.token("{")
	for i := range values {
		if i > 0 {
			m.token(",")
		}
		m.token(`"` + m.pick(names) + `"`)
		m.token(":")
		m.value(values/2, deep-1)
	}
	m.token("}")
}

func (m *maker) array(values, deep int) {
	m.token("[")
	for i := range values {
		if i > 0 {
			m.token(",")
		}
		m.value(values/2, deep-1)
	}
	m.token("]")
}

func (m *maker) value(values, deep int) {
	switch n := m.IntN(16); {
	case n < 4:
		m.str()
	case n == 4:
		m.token(`"` + m.pick(times) + `"`)
	case n < 8:
		m.number()
	case n < 10 || deep <= 0:
		m.token(m.pick([]string{"null", "true", "false"}))
	case n < 13:
		m.object(m.IntN(values+2), deep)
	default:
		m.array(m.IntN(values+2), deep)
	}
}

func (m *maker) str() {
	var b strings.Builder
	for range m.IntN(4) {
		b.WriteString(m.pick(chars))
	}
	switch m.IntN(64) {
	case 0: // around the borders of MessagePack
		b.WriteString(strings.Repeat("x", 29+m.IntN(4)))
	case 1:
		b.WriteString(strings.Repeat("y", 253+m.IntN(5)))
	}
	m.token(`"` + b.String() + `"`)
}

func (m *maker) number() {
	switch m.IntN(8) {
	case 0:
		m.token(strconv.FormatFloat(float64(m.IntN(1e6))/1e3, "feE"[m.IntN(3)], m.IntN(20)-1, 64))
	case 1, 2:
		m.token(m.pick(numbers))
	default:
		m.token(strconv.FormatInt(int64(m.Uint64()>>m.IntN(64)), 10))
	}
}

func (m *maker) token(text string) {
	if m.space && len(m.text) > 0 {
		for range m.IntN(3) {
			m.text = append(m.text, " \t\r\n"[m.IntN(4)])
		}
	}
	m.text = append(m.text, text...)
}

// record makes up a record: most are small, some wide, deep or both. Half of them have
// something behind them.
func (m *maker) record() []byte {
	m.text, m.space = m.text[:0], m.IntN(4) == 0
	switch m.IntN(32) {
	case 0:
		m.object(14+m.IntN(5), 3)
	case 1:
		m.nested(25+m.IntN(12), 2)
	case 2:
		m.nested(30+m.IntN(3), 3)
	default:
		m.object(m.IntN(4), 4)
	}
	const behind = `,{"Id":"5b0b8ccd-0f5c-4a3c-9d3e-1c2b3a4d5e6f"}]`
	return append(m.text, behind[:max(0, m.IntN(2*len(behind))-len(behind))]...)
}

// nested makes up a value inside so many containers.
func (m *maker) nested(containers, values int) {
	var closing []byte
	for range containers {
		if len(closing) == 0 || m.IntN(2) == 0 {
			m.token(`{"` + m.pick(names) + `":`)
			closing = append(closing, '}')
		} else {
			m.token("[")
			closing = append(closing, ']')
		}
	}
	m.value(values, 3)
	for i := range closing {
		m.token(string(closing[len(closing)-1-i]))
	}
}

// damage changes, inserts, removes or cuts bytes of text, one most times.
func (m *maker) damage(text []byte) []byte {
	const bytes = "{}[]\",:\\/u0123456789abcdefDEFnrtl+-. \t\r\n\x00\x01\x1f\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xed\xef\xf0\xf1\xf4\xf5\xff"
	for more := true; more; more = m.IntN(8) == 0 {
		i := 1 + m.IntN(len(text)-1) // all records begin with a brace
		b := bytes[m.IntN(len(bytes))]
		switch m.IntN(8) {
		case 0:
			text = append(text, 0)
			copy(text[i+1:], text[i:])
			text[i] = b
		case 1:
			if len(text) > 2 {
				text = append(text[:i], text[i+1:]...)
			}
		case 2:
			text[i] ^= 1 << m.IntN(8)
		case 3:
			if m.IntN(4) == 0 && i > 1 {
				text = text[:i]
			}
		default:
			text[i] = b
		}
	}
	return text
}
