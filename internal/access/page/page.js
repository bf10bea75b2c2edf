
"use strict";
(function () {
  var form = document.querySelector(".find"), field = document.getElementById("q"), hits = document.getElementById("hits");
  var text = function (el) { return (el.textContent + " " + (el.dataset.more || "")).toLowerCase(); };
  var show = function (el, on) { if (el.hidden === on) { el.hidden = !on; } };
  var tables = Array.from(document.querySelectorAll("table.rows")).map(function (t) {
    return { count: t.closest("section").querySelector(".n"), rows: Array.from(t.tBodies[0].rows).map(function (r) { return { el: r, text: text(r) }; }) };
  });
  var m = document.querySelector("table.matrix"), count = m.closest("section").querySelector(".n");
  var heads = Array.from(m.tHead.rows[0].cells), last = heads.length - 1;
  var columns = heads.map(function (h) { return (h.textContent + " " + h.title).toLowerCase(); });
  var grid = Array.from(m.tBodies[0].rows).map(function (r) { return { el: r, cells: Array.from(r.cells), text: (text(r.cells[0]) + " " + text(r.cells[last]) + " " + (r.dataset.more || "")).toLowerCase() }; });

  // The matrix: rows that match, or the columns that do with the rows they have a mark in.
  function matrix(words) {
    var has = function (t) { return words.every(function (w) { return t.indexOf(w) >= 0; }); };
    var cols = columns.map(function (t, i) { return i > 0 && i < last && words.length > 0 && has(t); });
    var byColumn = cols.some(Boolean), rows = grid.map(function (r) { return words.length === 0 || has(r.text); });
    var byRow = words.length > 0 && rows.some(Boolean), shown = 0;
    var column = function (i) { return i === 0 || !byColumn || cols[i] || byRow && i === last; };
    heads.forEach(function (h, i) { show(h, column(i)); });
    grid.forEach(function (r, n) {
      var on = rows[n] || byColumn && cols.some(function (c, i) { return c && r.cells[i].textContent !== ""; });
      show(r.el, on);
      if (!on) { return; }
      shown++;
      r.cells.forEach(function (c, i) { show(c, column(i)); });
    });
    count.textContent = words.length ? shown + " of " + grid.length : "";
    return shown;
  }
  function find() {
    var words = field.value.toLowerCase().split(/\s+/).filter(Boolean), found = matrix(words);
    tables.forEach(function (t) {
      var n = 0;
      t.rows.forEach(function (r) {
        var on = words.every(function (w) { return r.text.indexOf(w) >= 0; });
        show(r.el, on);
        if (on) { n++; }
      });
      t.count.textContent = words.length ? n + " of " + t.rows.length : "";
      found += n;
    });
    hits.textContent = !words.length ? "" : found ? found + (found === 1 ? " row" : " rows") : "nothing matches";
  }
  var waiting;
  field.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(find, 60); });
  form.addEventListener("submit", function (e) { e.preventDefault(); find(); });
  document.addEventListener("keydown", function (e) {
    if (e.key === "/" && document.activeElement !== field && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); field.focus(); }
  });
  form.hidden = false;
}());
