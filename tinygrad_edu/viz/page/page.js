// The page: what the reader does, and what it sets going.

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const id = (name) => document.getElementById(name);
  const place = id("graph");
  const picture = new Picture(data, place);
  const shower = new Shower(data);
  const player = data.film ? new Player(data, picture, shower) : null;
  let selected = null;

  // — details of a node —

  const jump = (at) => el("button", { type: "button", class: "link", onclick: () => player.go(at) }, `step ${at}`);
  const reach = (node) => el("button", { type: "button", class: "link", onclick: () => show(node) }, clean((picture.nodes.get(node) || {}).symbol || node));

  function details() {
    const n = picture.nodes.get(selected);
    const out = [];
    const fact = (name, ...what) => {
      const parts = what.flat().filter((x) => x != null && x !== "");
      if (parts.length) out.push(el("div", { class: "fact" }, el("dt", {}, name), el("dd", {}, ...parts)));
    };
    const spread = (list) => list.flatMap((x, k) => (k ? [", ", x] : [x]));
    const before = data.graph.edges.filter((e) => e.target === n.id).sort((a, b) => a.position - b.position);
    const after = data.graph.edges.filter((e) => e.source === n.id);
    fact("kind", n.kind + (n.order ? `, made by differentiating${n.order > 1 ? ` ${n.order} times` : ""}` : ""));
    fact("made by", n.primitive ? clean(n.primitive) + (n.options ? ` (${clean(n.options)})` : "") : null);
    fact("which is", n.primitive && data.words[n.primitive] ? clean(data.words[n.primitive][""] || "") : null);
    fact("shape", n.results ? n.results.map(shapeText).join(", ") : n.shape ? shapeText(n.shape) : null, n.dtype ? ` ${n.dtype}` : null);
    const state = player && player.state();
    const value = state && state.values.get(n.id), gradient = state && state.gradients.get(n.id);
    const arrays = (k) => (Array.isArray(k) ? k : [k]).filter((i) => i != null).map((i) => shower.array(i));
    fact("value", value != null ? arrays(value) : player && n.primitive ? "not computed yet" : n.value ? clean(n.value) : null);
    fact("gradient", gradient != null ? arrays(gradient) : player ? null : n.gradient ? clean(n.gradient) : null, state && state.missing.has(n.id) ? " (not complete yet)" : null);
    if (n.bad) fact("holds", el("strong", { class: "warning" }, `⚠ ${n.bad === "nan" ? "NaN" : "infinity"}${n.born ? ", born here" : ""}`));
    fact("operands", spread(before.map((e) => reach(e.source))));
    fact("used by", spread(after.map((e) => reach(e.target))));
    fact("module", n.module ? clean(n.module) : null);
    fact("line", siteOf(n) ? el("code", {}, siteOf(n)) : null);
    for (const e of before.filter((b) => b.formula)) fact(`passes to ${clean((picture.nodes.get(e.source) || {}).symbol)}`, el("code", {}, clean(e.formula)));
    fact("where", n.where ? el("code", {}, clean(n.where)) : null);
    if (player) fact("in the film", spread(player.steps.flatMap((s, k) => (s.node === n.id ? [jump(k + 1)] : [])).slice(0, 12)));
    id("node").replaceChildren(el("h2", {}, clean(n.primitive ? `${n.symbol} = ${n.primitive}` : n.name || n.symbol)), el("dl", {}, ...out));
  }

  function select(node) {
    selected = node;
    for (const [key, group] of picture.groups) {
      group.classList.toggle("selected", key === node);
      if (picture.nodes.has(key)) group.setAttribute("tabindex", key === node ? 0 : -1);
    }
    if (node && picture.nodes.has(node)) details();
  }

  function show(node) {
    if (picture.reveal(node).length) redraw();
    select(node);
    picture.follow(node, true);
  }

  // After the picture was drawn anew.
  function redraw() {
    if (player) player.paint();
    if (selected) select(selected);
  }

  function toggle(cluster) {
    picture.toggle(cluster);
    if (player) player.opened = player.opened.filter((c) => c !== cluster);
    redraw();
    const group = picture.groups.get(picture.shown(cluster));
    const button = group && (group.querySelector("[data-fold]") || group);
    if (button && document.activeElement === document.body) button.focus({ preventScroll: true });
  }

  function activate(target) {
    const fold = target.closest("[data-fold]");
    if (fold) return toggle(fold.dataset.fold);
    const group = target.closest("[data-id]");
    if (!group || !group.classList.contains("node")) return;
    if (picture.clusters.has(group.dataset.id)) toggle(group.dataset.id);
    else select(group.dataset.id);
  }

  // — the pointer: drag to move, wheel or two fingers to zoom —

  const pointers = new Map();
  let travelled = 0;
  place.addEventListener("pointerdown", (e) => {
    pointers.set(e.pointerId, [e.clientX, e.clientY]);
    travelled = pointers.size > 1 ? 99 : 0;
  });
  place.addEventListener("pointermove", (e) => {
    const before = pointers.get(e.pointerId);
    if (!before) return;
    const now = [e.clientX, e.clientY];
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (travelled > 4 && !place.hasPointerCapture(e.pointerId)) place.setPointerCapture(e.pointerId);
    const other = [...pointers].find(([key]) => key !== e.pointerId);
    if (other) {
      const apart = (p) => Math.hypot(p[0] - other[1][0], p[1] - other[1][1]) || 1;
      const box = place.getBoundingClientRect();
      picture.zoom(apart(now) / apart(before), (now[0] + other[1][0]) / 2 - box.left, (now[1] + other[1][1]) / 2 - box.top);
    } else if (travelled > 4) {
      picture.transform.x += now[0] - before[0];
      picture.transform.y += now[1] - before[1];
      picture.apply();
    }
    pointers.set(e.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) place.addEventListener(end, (e) => pointers.delete(e.pointerId));
  place.addEventListener("click", (e) => { if (travelled <= 4) activate(e.target); });
  place.addEventListener("wheel", (e) => {
    e.preventDefault();
    const box = place.getBoundingClientRect();
    picture.zoom(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : 0.0016)), e.clientX - box.left, e.clientY - box.top);
  }, { passive: false });
  place.addEventListener("keydown", (e) => {
    if (e.key === "Enter" || (e.key === " " && e.target.closest("[role=button]"))) {
      e.preventDefault();
      e.stopPropagation();
      const name = e.target.dataset.fold || e.target.dataset.id;
      activate(e.target);
      const again = place.querySelector(`[data-fold="${CSS.escape(name)}"]`) || place.querySelector(`.node[data-id="${CSS.escape(name)}"]`);
      if (again) again.focus({ preventScroll: true });
    }
  });

  id("closer").onclick = () => picture.zoom(1.3);
  id("further").onclick = () => picture.zoom(1 / 1.3);
  id("fit").onclick = () => picture.fit();
  id("fold").onclick = () => { picture.all(false); redraw(); };
  id("unfold").onclick = () => { picture.all(true); redraw(); };
  if (!picture.clusters.size) id("fold").hidden = true;
  if (!picture.clusters.size || picture.nodes.size > 800) id("unfold").hidden = true; // more cannot be read at once

  // — search —

  const query = id("query"), found = id("found");
  query.addEventListener("input", () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (n) => [n.symbol, n.name, n.primitive, n.kind, n.module, n.site, shapeText(n.shape)].filter(Boolean).join(" ").toLowerCase();
    const hits = words.length ? data.graph.nodes.filter((n) => words.every((w) => text(n).includes(w))) : [];
    found.replaceChildren(...hits.slice(0, 30).map((n) => el("li", {}, el("button", { type: "button", onclick: () => { found.hidden = true; show(n.id); } },
      el("b", {}, clean(n.symbol)), ` ${clean(n.primitive || n.kind)} ${shapeText(n.shape)}`))));
    if (words.length && !hits.length) found.append(el("li", {}, "nothing is called so"));
    if (hits.length > 30) found.append(el("li", {}, `… and ${hits.length - 30} more`));
    found.hidden = !words.length;
  });
  id("search").addEventListener("submit", (e) => {
    e.preventDefault();
    const first = found.querySelector("button");
    if (first) first.click();
  });
  query.addEventListener("keydown", (e) => { if (e.key === "Escape") { found.hidden = true; query.value = ""; } });
  document.addEventListener("click", (e) => { if (!e.target.closest("#search")) found.hidden = true; });

  // — legend —

  const kinds = new Set(data.graph.nodes.map((n) => n.kind));
  if (picture.clusters.size) kinds.add("folded");
  for (const n of data.graph.nodes) if (n.order) kinds.add(n.order > 1 ? "derived twice" : "derived");
  if (data.graph.nodes.some((n) => n.bad)) kinds.add("bad");
  id("legend").querySelector("ul").append(...data.legend.filter(([kind]) => kinds.has(kind)).map(([kind, text]) => {
    const derived = kind.replace(" ", "-");
    const sample = kind.startsWith("derived") ? `k-${derived} ${derived}` : kind === "bad" ? "k-primitive bad" : `k-${kind}`;
    const round = /primitive|output|folded|derived|bad/.test(kind) ? 5 : 1;
    return el("li", {}, svg("svg", { width: 34, height: 20, "aria-hidden": "true" }, svg("g", { class: `node ${sample}` }, svg("rect", { class: "body", x: 2, y: 2, width: 30, height: 16, rx: round }))), el("span", {}, text));
  }));
  if (player) {
    const line = (kind) => svg("svg", { width: 34, height: 20, "aria-hidden": "true" }, svg("path", { class: `edge ${kind}`, d: "M2 10H32" }));
    id("legend").querySelector("ul").append(el("li", {}, line("forward"), el("span", {}, "values flow down in this step")), el("li", {}, line("backward"), el("span", {}, "cotangents flow back up (∂: gradient so far)")));
  }

  // — the player —

  if (player) {
    const slider = id("slider"), count = id("count"), speed = () => Number(id("speed").value);
    const total = player.steps.length;
    id("player").hidden = id("step").hidden = false;
    picture.look();
    slider.max = total;
    const kinds = player.steps.map((s) => (s.kind === "call" ? (s.pass == null ? "forward" : "second") : "backward"));
    const runs = [];
    for (const kind of kinds) if (runs.length && runs[runs.length - 1][0] === kind) runs[runs.length - 1][1]++; else runs.push([kind, 1]);
    if (runs.length <= 60) id("phases").append(...runs.map(([kind, n]) => { const part = el("i", { class: kind }); part.style.flexGrow = n; return part; }));
    let later = null;
    const address = () => {
      try { history.replaceState(null, "", `#step=${player.at}`); } catch { /* a frame inside of another page has no address of its own */ }
    };
    player.moved = () => {
      slider.value = player.at;
      const step = player.steps[player.at - 1];
      const what = step ? `${step.kind === "call" ? "forward" : "backward"}, ${player.symbol(step.node)}` : "start";
      slider.setAttribute("aria-valuetext", `step ${player.at} of ${total}, ${what}`);
      count.textContent = `${player.at} / ${total}`;
      for (const name of ["first", "back"]) id(name).setAttribute("aria-disabled", player.at === 0);
      for (const name of ["next", "last"]) id(name).setAttribute("aria-disabled", player.at === total);
      id("play").classList.toggle("playing", player.playing);
      id("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
      if (selected) details();
      clearTimeout(later);
      later = setTimeout(address, player.playing ? 400 : 60);
    };
    const by = (move) => () => { if (player.playing) player.pause(); move(); };
    id("first").onclick = by(() => player.go(0));
    id("back").onclick = by(() => player.go(player.at - 1));
    id("next").onclick = by(() => player.go(player.at + 1));
    id("last").onclick = by(() => player.go(total));
    id("play").onclick = () => player.toggle(speed);
    slider.oninput = by(() => player.go(Number(slider.value)));
    const wanted = () => { const m = /(?:^#|&)step=(\d+)/.exec(location.hash); return m ? Number(m[1]) : 0; };
    addEventListener("hashchange", () => { if (wanted() !== player.at) player.go(wanted()); });
    picture.draw();
    picture.fit();
    player.go(wanted());
  } else {
    picture.draw();
    picture.fit();
  }

  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input[type=search], select, textarea")) return;
    const button = e.target.closest("button, [role=button], summary");
    const moves = player && {
      ArrowRight: () => id("next").click(), ArrowLeft: () => id("back").click(), ArrowDown: () => id("next").click(), ArrowUp: () => id("back").click(),
      Home: () => id("first").click(), End: () => id("last").click(), " ": button ? null : () => id("play").click(),
    };
    const act = { "+": () => id("closer").click(), "-": () => id("further").click(), 0: () => id("fit").click(), "/": () => query.focus() }[e.key] || (moves && !(e.target === id("slider") && e.key !== " ") && moves[e.key]);
    if (act) { e.preventDefault(); act(); }
  });

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shower.repaint());
  addEventListener("beforeprint", () => { shower.repaint(); picture.print(true); id("legend").open = true; });
  addEventListener("afterprint", () => { shower.repaint(); picture.print(false); });
  addEventListener("resize", () => { picture.look(); if (player && player.at) picture.follow(player.steps[player.at - 1].node); else picture.fit(); });
  document.documentElement.dataset.ready = "true";
})();
