// Every text that is seen, against what is behind it: WCAG asks for 4.5 to 1.
(() => {
  const numbers = c => c.match(/[\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = c.map(x => { x /= 255; return x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const behind = el => { for (; el; el = el.parentElement) { const c = numbers(getComputedStyle(el).backgroundColor); if (c.length < 4 || c[3] > 0) { return c.slice(0, 3); } } return [255, 255, 255]; };
  const weak = new Set(), seen = new Set();
  let texts = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const el = n.parentElement;
    if (!n.data.trim() || el.closest("script, style, [hidden]") || el.offsetParent === null) { continue; }
    texts++;
    const key = el.tagName + "." + el.className + " in " + el.parentElement.tagName + "." + el.parentElement.className + " in " + (el.closest("tr") || el).className;
    if (seen.has(key)) { continue; }
    seen.add(key);
    const a = light(numbers(getComputedStyle(el).color).slice(0, 3)), b = light(behind(el));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) { weak.add(key + ": " + ratio.toFixed(2) + " to 1"); }
  }
  if (texts < LEAST) { weak.add("only " + texts + " texts were looked at"); }
  return Array.from(weak);
})()
