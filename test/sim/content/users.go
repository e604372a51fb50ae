package content

import (
	"strconv"
	"strings"
)

// user is somebody whose doings are recorded.
type user struct {
	upn, id, puid, mail string
	ip                  string // JSON value of ClientIP, in one of its many forms
	agent               string
}

// Names as JSON text: accents, marks and scripts as themselves and as escapes.
var (
	firstNames = []string{"adele", "alex", "allan", "bianca", "christie", "debra", "diego", "emily", "enrico", "fatima", "grady", "henrietta", "irvin", "isaiah", "johanna", "joni", "lee", "lidia", "lynne", "megan", "miriam", "nestor", "patti", "pradeep", "zoë", "jos\\u00e9", "bj\\u00F8rn", "Łukasz"}
	lastNames  = []string{"vance", "wilber", "deyoung", "pisoni", "cline", "berger", "siciliani", "braun", "cattaneo", "langer", "archie", "mueller", "garcía", "sherman", "gu", "holloway", "robbins", "bowen", "graham", "wilke", "fernandez", "gupta", "o'neil", "nuñez"}
	users      = makeUsers(240)
)

var agents = []string{
	`Mozilla\/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit\/537.36 (KHTML, like Gecko) Chrome\/126.0.0.0 Safari\/537.36 Edg\/126.0.0.0`,
	`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15`,
	`Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148`,
	`Client=OutlookService;Outlook-iOS/2.0;`,
	`Microsoft Office\/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17726; Pro)`,
	``,
}

// The forms of ClientIP, %d for a number of the user.
var addresses = []string{
	`"203.0.113.%d"`, `"203.0.113.%d"`, `"203.0.113.%d"`, `"203.0.113.%d:51234"`,
	`"[2001:db8:85a3::8a2e:370:%d]:443"`, `"2001:db8:1f1c:3b7::%d"`, `"::1"`,
	`"::ffff:198.51.100.%d"`, `"[198.51.100.%d]"`, `"AM0PR01MB%d.example.com:25"`,
	`"10.11.12.%d"`, `"<null>"`, `""`, `null`, `absent`,
}

func makeUsers(n int) []user {
	all := make([]user, n)
	for i := range all {
		name := firstNames[i%len(firstNames)] + "." + lastNames[i*7%len(lastNames)]
		s := strconv.Itoa(i % 250)
		all[i] = user{
			upn:   name + "@contoso.onmicrosoft.com",
			mail:  name + "@contoso.com",
			id:    string(AppendGUID(nil, uint64(i)*0x9e3779b97f4a7c15, uint64(i)*0xbf58476d1ce4e5b9)),
			puid:  "1003" + strings.ToUpper(strconv.FormatUint(0xbffd00000000+uint64(i)*0x10001, 16)),
			ip:    strings.ReplaceAll(addresses[i%len(addresses)], "%d", s),
			agent: agents[i%len(agents)],
		}
	}
	return all
}
