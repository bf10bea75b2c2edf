package charts
import ("testing";"os";"path/filepath";"strings";"os/exec")
func TestProbe(t *testing.T) {
	show := func(p *place, args ...string) string { r := p.runs("", "reggen", args...); t.Logf("%v: %d\n%.2500s\n%.1500s", args, r.code, r.stdout, r.stderr); return r.stdout }
	t.Run("annotation", func(t *testing.T) {
		p := newPlace(t); s := secretOf("p: {{ .Values.pw }}")
		p.chart(map[string]string{"templates/a.yaml": s}); p.spec("../../chart","","",map[string]string{"pw":"password"}); p.seal()
		p.write("chart/templates/a.yaml", strings.Replace(s,"name: s\n","name: s\n  annotations: {x: {{ .Values.pw }}}\n",1))
		show(p,"build","overlays/x"); show(p,"check","overlays/x")
		p.write("chart/templates/a.yaml", strings.Replace(s,"name: s\n","name: s\n  annotations: {x: {{ .Values.pw | trunc 5 }}}\n",1))
		show(p,"build","overlays/x"); show(p,"seal","overlays/x")
		p.write("chart/templates/a.yaml", strings.Replace(s,"name: s\n","name: s\n  annotations: {x: {{ .Values.pw | b64enc }}}\n",1))
		show(p,"build","overlays/x")
		p.write("chart/templates/a.yaml", strings.Replace(s,"name: s\n","name: s\n  annotations: {x: \"{{ .Values.pw | sha256sum }}\"}\n",1))
		show(p,"seal","overlays/x"); show(p,"build","overlays/x")
	})
	t.Run("pem", func(t *testing.T) {
		for name, s := range map[string]string{
			"toYaml": secretOf("c: {{ dict \"k\" .Values.pw | toYaml | quote }}"),
			"indent": secretOf("c: |", "  server:", "    key: |", "{{ .Values.pw | indent 8 }}"),
			"plain": secretOf("c: |", "{{ .Values.pw | indent 4 }}"),
			"json": secretOf("c: {{ dict \"k\" .Values.pw | toJson | quote }}"),
			"toYaml2": secretOf("c: |", "{{ toYaml .Values | indent 4 }}"),
			"trim": secretOf("c: {{ .Values.pw | trim | quote }}"),
			"nl": secretOf("c: {{ .Values.pw | replace \"\\n\" \"\\\\n\" | quote }}"),
			"toml": secretOf("c: {{ dict \"k\" .Values.pw | toToml | quote }}"),
			"squote": secretOf("c: {{ .Values.pw | quote | squote }}"),
			"printf": secretOf("c: {{ printf \"%q\" .Values.pw | squote }}"),
			"b64d": secretOf("c: {{ .Values.pw | b64enc | b64dec | quote }}"),
		} {
			p := newPlace(t)
			r := p.runs("-----BEGIN KEY-----\nMIIBabcdefghijk\nlmnopqrstuvw==\n-----END KEY-----\n","reggen","credential","set","pem","--field","k","--stdin","--dir","overlays/x","--accept-recipients",public)
			if r.code!=0 {t.Log(r.stderr)}
			p.chart(map[string]string{"templates/a.yaml": s}); p.spec("../../chart","","",map[string]string{"pw":"password"})
			p.write("overlays/x/app/chart.yaml", strings.Replace(p.read("overlays/x/app/chart.yaml"),"credential: app, field: password","credential: pem, field: k",1))
			r = p.runs("","reggen","seal","overlays/x"); t.Logf("%s: %d %.300s", name, r.code, r.stderr)
		}
	})
	t.Run("renew", func(t *testing.T) {
		p := newDrawn(t)
		top := t.TempDir(); must(t, os.CopyFS(filepath.Join(top,"old"), os.DirFS(p.dir)))
		show(p,"seal","--renew","tls","overlays/x")
		out,_ := exec.Command("diff","-r","-U0",filepath.Join(top,"old/overlays"),filepath.Join(p.dir,"overlays")).CombinedOutput()
		lines := []string{}
		for l := range strings.Lines(string(out)) { if len(l)>170 {l=l[:170]+"\n"}; lines=append(lines,l) }
		t.Log(strings.Join(lines,""))
		show(p,"seal","overlays/x")
	})
	t.Run("missing", func(t *testing.T) {
		p := newPlace(t); p.chart(one("a: b")); p.spec("../../chart","","",map[string]string{"pw":"password"})
		p.write("overlays/x/app/chart.yaml", strings.Replace(p.read("overlays/x/app/chart.yaml"),"  values:","",1))
		p.spec("../../chart","","enabled: off\n",nil)
		p.write("chart/templates/a.yaml", cm("a","a: \"{{ if .Values.enabled }}ON{{ else }}OFF{{ end }}\""))
		p.seal(); show(p,"build","overlays/x")
	})
	t.Run("nested", func(t *testing.T) {
		p := newPlace(t)
		var subs []entry
		for i := range 40 { name := "s"+string(rune('a'+i%26))+string(rune('a'+i/26)); var es []entry; es=append(es,entry{name: name+"/Chart.yaml", text: chartOf(name)}); for k := range 18 { es=append(es,entry{name: name+"/z"+string(rune('a'+k)), zeros: 5<<20}) }
			subs = append(subs, entry{name:"c/charts/"+name+".tgz", text: string(archive(p, es...))}) }
		packed(append([]entry{{name:"c/Chart.yaml",text:plain}, tmpl}, subs...)...)(p)
		p.spec("../../c.tgz","","",nil)
		r := p.runs("","reggen","build","overlays/x"); t.Logf("nested %d %s %d %d %.300s", r.code, r.took, r.peak>>10, r.child>>10, r.stderr)
	})
}
