package content

// Text as JSON: scripts as themselves and as escapes.
var (
	sites = []string{"sites\\/Finance", "sites/Projects", "sites\\/HR-Ops", "teams/Vertrieb Süd", "personal/adele_vance_contoso_com", "sites/日本支社"}
	files = []string{"Budget 2026.xlsx", "Plan – final.docx", "r\\u00e9sum\\u00e9.pdf", "Q3 Forecast.pptx", "notes.txt", "Verträge.docx", "データ.csv", "🚀 launch.pptx", "a\\\"quoted\\\".txt", "tab\\there.one"}
	words = []string{"review", "update", "customer", "invoice", "meeting", "budget", "Übersicht", "contract", "weekly", "report", "project", "naïve", "Reisekosten", "forecast", "\\u200b", "—", "policy", "alpha", "beta"}
)

// sentence writes n words into an open string.
func (g *Generator) sentence(n int) {
	for i := range n {
		if i > 0 {
			g.b = append(g.b, ' ')
		}
		g.b = append(g.b, pick(g, words)...)
	}
}
