
"use strict";
(function () {
  var form = document.querySelector(".find"), field = document.getElementById("q"), hits = document.getElementById("hits"), clear = form.querySelector("button"), only = document.querySelector(".only");
  var text = function (el) { return (el.textContent + " " + (el.dataset.more || "")).toLowerCase(); };
  var show = function (el, on) { if (el.hidden === on) { el.hidden = !on; } };
  // A stylesheet that makes cards of rows must not take the table from who listens.
  [["table.rows", "table"], [".rows thead, .rows tbody", "rowgroup"], [".rows tr", "row"], [".rows thead th", "columnheader"], [".rows tbody th", "rowheader"], [".rows td", "cell"]].forEach(function (x) {
    document.querySelectorAll(x[0]).forEach(function (el) { el.setAttribute("role", x[1]); });
  });
  var sections = Array.from(document.querySelectorAll("main section")).filter(function (s) { return s.querySelector(".n"); }).map(function (s) {
    var link = document.querySelector('nav a[href="#' + s.querySelector("h2").id + '"]');
    return { count: s.querySelector(".n"), link: link, badge: link.querySelector("b"), usual: "", tables: Array.from(s.querySelectorAll("table.rows")).map(function (t) {
      return { box: t.closest(".more") || t.closest(".scroll"), more: t.closest(".more"), rows: Array.from(t.tBodies[0].rows).map(function (r) { return { el: r, text: text(r) }; }) };
    }), matrix: s.querySelector("table.matrix") };
  });
  var m = document.querySelector("table.matrix");
  var heads = Array.from(m.tHead.rows[0].cells), last = heads.length - 1;
  var columns = heads.map(function (h) { return (h.textContent + " " + h.title).toLowerCase(); });
  var grid = Array.from(m.tBodies[0].rows).map(function (r) { return { el: r, cells: Array.from(r.cells), text: (text(r.cells[0]) + " " + text(r.cells[last]) + " " + (r.dataset.more || "")).toLowerCase() }; });
  var shape = "";

  // The matrix: rows that match, or the columns that do with the rows they have a mark in.
  function matrix(words) {
    var has = function (t) { return words.every(function (w) { return t.indexOf(w) >= 0; }); };
    var cols = columns.map(function (t, i) { return i > 0 && i < last && words.length > 0 && has(t); });
    var byColumn = cols.some(Boolean), rows = grid.map(function (r) { return words.length === 0 || has(r.text); });
    var byRow = words.length > 0 && rows.some(Boolean), shown = 0;
    var column = heads.map(function (h, i) { return i === 0 || !byColumn || cols[i] || byRow && i === last; }), now = column.join();
    if (now !== shape) {
      heads.forEach(function (h, i) { show(h, column[i]); });
      grid.forEach(function (r) { r.cells.forEach(function (c, i) { show(c, column[i]); }); });
      shape = now;
    }
    grid.forEach(function (r, n) {
      var on = rows[n] || byColumn && cols.some(function (c, i) { return c && r.cells[i].textContent !== ""; });
      show(r.el, on);
      if (on) { shown++; }
    });
    show(m.closest(".scroll"), shown > 0);
    return shown;
  }
  function find() {
    var words = field.value.toLowerCase().split(/\s+/).filter(Boolean), found = 0, places = 0;
    sections.forEach(function (s) {
      var n = s.matrix ? matrix(words) : 0, all = s.matrix ? grid.length : 0;
      s.tables.forEach(function (t) {
        var here = 0;
        t.rows.forEach(function (r) {
          var on = words.every(function (w) { return r.text.indexOf(w) >= 0; });
          show(r.el, on);
          if (on) { here++; }
        });
        show(t.box, here > 0);
        if (t.more && words.length) { t.more.open = here > 0; }
        n += here;
        all += t.rows.length;
      });
      if (all) { s.count.textContent = !words.length ? "" : n ? n + " of " + all : "none of " + all + " matches"; }
      s.badge.textContent = words.length ? n : s.usual || all || s.badge.textContent;
      s.link.classList.toggle("nohit", words.length > 0 && n === 0);
      found += n;
      if (n) { places++; }
    });
    show(clear, field.value !== "");
    hits.textContent = !words.length ? "" : found ? found + (found === 1 ? " row" : " rows") + " in " + places + (places === 1 ? " table" : " tables") : "nothing matches";
    only.hidden = !words.length;
    only.textContent = "Not the whole report: only what matches \u201c" + field.value + "\u201d is here.";
  }
  sections.forEach(function (s) { s.usual = s.badge.textContent; });
  var waiting, reset = function () { field.value = ""; find(); field.focus(); };
  field.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(find, 60); });
  form.addEventListener("submit", function (e) { e.preventDefault(); find(); });
  form.addEventListener("reset", function (e) { e.preventDefault(); reset(); });
  document.addEventListener("keydown", function (e) {
    if (e.key === "Escape" && document.activeElement === field) { reset(); }
    if (e.key === "/" && document.activeElement !== field && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); field.focus(); field.select(); }
  });
  // Paper shows what is folded, where the browser's style can't say so.
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details:not([open])")).filter(function (d) { return !d.closest(".long"); });
    opened.forEach(function (d) { d.open = true; });
  });
  window.addEventListener("afterprint", function () { opened.forEach(function (d) { d.open = false; }); });
  form.hidden = false;
  find();
}());
