package cloud

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// maker writes records. It is a small JSON writer with a die; what it is given
// as text stands between the quotes as it is, escapes included.
type maker struct {
	*rand.Rand
	pcg *rand.PCG
	b   []byte
}

func newMaker() *maker {
	pcg := rand.NewPCG(0, 0)
	return &maker{Rand: rand.New(pcg), pcg: pcg}
}

// seed makes everything that follows depend on these numbers only.
func (m *maker) seed(key uint64, number, index int) {
	m.pcg.Seed(key, uint64(number)<<32|uint64(index))
	m.Uint64()
}

// make writes the record of a series, blob and index. The text is good until
// the next record is made.
func (m *maker) make(s *series, b *blob, index int) []byte {
	m.seed(s.key, b.number, index)
	m.b = m.b[:0]
	e := event{tenant: s.tenant.id, user: &users[m.IntN(len(users))]}
	e.created = b.created.Add(-time.Duration(m.IntN(90*60)) * time.Second)
	if m.one(50) {
		e.created = e.created.Add(-time.Duration(m.IntN(48)) * time.Hour)
	}
	e.hi, e.lo = m.Uint64(), m.Uint64()
	switch s.typ {
	case Entra:
		m.entra(e)
	case Exchange:
		m.exchange(e)
	case SharePoint:
		m.sharePoint(e)
	case DLP:
		// Two records in a row share an Id, as a match and its undoing do.
		if index%8 == 7 {
			m.seed(s.key, b.number, index-1)
			m.IntN(len(users))
			e = m.twin(e)
		}
		m.dlp(e, index%8 == 7)
	default:
		m.general(e)
	}
	return m.b
}

// event is what all records of the common schema share.
type event struct {
	tenant  string
	user    *user
	created time.Time
	hi, lo  uint64 // of the Id
}

// one is true once in n times.
func (m *maker) one(n int) bool { return m.IntN(n) == 0 }

func pick[T any](m *maker, from []T) T { return from[m.IntN(len(from))] }

func (m *maker) sep() {
	if n := len(m.b); n > 0 {
		switch m.b[n-1] {
		case '{', '[', ':':
		default:
			m.b = append(m.b, ',')
		}
	}
}

func (m *maker) open(bracket byte) {
	m.sep()
	m.b = append(m.b, bracket)
}

func (m *maker) end(bracket byte) { m.b = append(m.b, bracket) }

func (m *maker) key(k string) {
	m.sep()
	m.b = append(m.b, '"')
	m.b = append(m.b, k...)
	m.b = append(m.b, '"', ':')
}

func (m *maker) obj(k string) { m.key(k); m.b = append(m.b, '{') }
func (m *maker) arr(k string) { m.key(k); m.b = append(m.b, '[') }

// str writes a member whose text comes in parts.
func (m *maker) str(k string, parts ...string) {
	m.key(k)
	m.b = append(m.b, '"')
	for _, p := range parts {
		m.b = append(m.b, p...)
	}
	m.b = append(m.b, '"')
}

func (m *maker) num(k string, n int64) {
	m.key(k)
	m.b = strconv.AppendInt(m.b, n, 10)
}

// raw writes a member whose value is JSON already.
func (m *maker) raw(k, value string) {
	m.key(k)
	m.b = append(m.b, value...)
}

func (m *maker) flag(k string, on bool) {
	m.key(k)
	m.b = strconv.AppendBool(m.b, on)
}

// item writes an element that is a string.
func (m *maker) item(text string) {
	m.sep()
	m.b = append(m.b, '"')
	m.b = append(m.b, text...)
	m.b = append(m.b, '"')
}

func (m *maker) time(k string, t time.Time, zone string) {
	m.key(k)
	m.b = append(m.b, '"')
	m.b = t.AppendFormat(m.b, "2006-01-02T15:04:05")
	m.b = append(m.b, zone...)
	m.b = append(m.b, '"')
}

// guid writes a member that is a random GUID.
func (m *maker) guid(k string) {
	m.key(k)
	m.b = append(m.b, '"')
	m.b = appendGUID(m.b, m.Uint64(), m.Uint64())
	m.b = append(m.b, '"')
}

const hexDigits = "0123456789abcdef"

func appendGUID(b []byte, hi, lo uint64) []byte {
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

// chars writes n random letters and digits into a string that is being written.
func (m *maker) chars(n int) {
	const set = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	for ; n > 0; n -= 10 {
		for x, i := m.Uint64(), 0; i < min(n, 10); i++ {
			m.b = append(m.b, set[x&63])
			x >>= 6
		}
	}
}

// token writes a member that is n random letters and digits.
func (m *maker) token(k string, n int) {
	m.key(k)
	m.b = append(m.b, '"')
	m.chars(n)
	m.b = append(m.b, '"')
}

// pair writes an element {"Name":…,"Value":…}.
func (m *maker) pair(name, value string) {
	m.open('{')
	m.str("Name", name)
	m.str("Value", value)
	m.end('}')
}
