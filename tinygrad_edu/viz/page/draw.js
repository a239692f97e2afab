// The picture: where everything is for the clusters that are open now, and the SVG for it.

const MARGIN = 24, FOOT = 56; // pixels around the picture; on wide screens the legend is at its foot
const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes, ...children) {
  const out = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes || {})) if (value != null) out.setAttribute(key, value);
  out.append(...children);
  return out;
}

// What a user wrote, made harmless to read: no line breaks, no characters that turn the direction of the text.
function clean(text) {
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

function shortened(text, most) {
  const letters = [...clean(text)];
  return letters.length <= most ? letters.join("") : letters.slice(0, most - 1).join("") + "…";
}

// Nodes that belong to a derivative have a look of their own.
function derivedClass(n) {
  const kind = n.order ? `derived${n.order > 1 ? "-twice" : ""}` : "";
  return kind && ` ${kind}${n.kind === "primitive" ? ` k-${kind}` : ""}`;
}

// The user's line that made a node, if it is one.
const siteOf = (n) => (n && n.site && !n.site.startsWith("<frozen") ? clean(n.site) : "");

// Whether a text has room in so many pixels, as the reader's browser writes it.
const pen = document.createElement("canvas").getContext("2d"), widths = new Map();
const family = getComputedStyle(document.body).fontFamily;
function fits(text, room, style = "12px") {
  const key = style + text;
  if (!widths.has(key)) {
    pen.font = `${style} ${family}`;
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key) <= room;
}

function fitting(text, room, style) {
  const letters = [...clean(text)];
  while (letters.length > 1 && !fits(letters.join(""), room, style)) letters.splice(-2, 2, "…");
  return letters.join("");
}

const shapeText = (shape) => (shape == null ? "" : shape.length ? `(${shape.join(", ")}${shape.length > 1 ? "" : ","})` : "scalar");

class Picture {
  constructor(data, place) {
    this.graph = data.graph;
    this.plan = data.plan;
    this.place = place; // the svg element
    this.nodes = new Map(this.graph.nodes.map((n) => [n.id, n]));
    this.clusters = new Map(this.graph.clusters.map((c) => [c.id, c]));
    this.open = new Set(this.graph.clusters.filter((c) => !c.folded).map((c) => c.id));
    this.paths = new Map(); // of a node or cluster: the clusters around it, from the outside
    const path = (parent) => (parent ? [...path(this.clusters.get(parent).parent), parent] : []);
    for (const c of this.graph.clusters) this.paths.set(c.id, path(c.parent));
    for (const n of this.graph.nodes) this.paths.set(n.id, path(n.cluster));
    this.counts = new Map(); // of a cluster: how many nodes are in it
    for (const n of this.graph.nodes) for (const c of this.paths.get(n.id)) this.counts.set(c, (this.counts.get(c) || 0) + 1);
    this.pieces = new Map(Object.entries(this.plan.levels).map(([id, level]) => [id, new Map(level.pieces.map((p) => [`${p[0]} ${p[1]} ${p[2]}`, p[3]]))]));
    this.groups = new Map(); // what is drawn now: nodes and clusters
    this.lines = []; // and edges
    this.standing = new Map(); // for each node: what is drawn for it, as far as has been asked
    this.view = svg("g", { id: "view" });
    place.append(
      svg("defs", {}, ...["plain", "forward", "backward"].map((kind) =>
        svg("marker", { id: `arrow-${kind}`, class: `arrow ${kind}`, viewBox: "0 0 10 10", refX: 9, refY: 5, markerUnits: "userSpaceOnUse", markerWidth: kind === "plain" ? 9 : 13, markerHeight: kind === "plain" ? 9 : 13, orient: "auto-start-reverse" },
          svg("path", { d: "M0 1L10 5L0 9z" })))),
      this.view,
    );
    this.transform = { x: 0, y: 0, scale: 1 };
    this.look();
  }

  // The outermost folded cluster around a node, or the node itself: what is drawn for it.
  shown(id) {
    let found = this.standing.get(id);
    if (found === undefined) {
      found = this.paths.get(id).find((c) => !this.open.has(c)) || id;
      this.standing.set(id, found);
    }
    return found;
  }

  // A map of one axis that leaves each open cluster the room it needs: where several do, that of the neediest.
  static stretched(spans) {
    const ends = [...new Set(spans.flatMap(([from, to]) => [from, to]))].sort((a, b) => a - b);
    const steps = []; // from, to, what has been added before, factor
    let added = 0;
    for (let k = 0; k + 1 < ends.length; k++) {
      const [from, to] = [ends[k], ends[k + 1]];
      const factor = Math.max(1, ...spans.filter((s) => s[0] <= from && to <= s[1]).map((s) => s[2] / (s[1] - s[0])));
      if (factor > 1) steps.push([from, to, added, factor]);
      added += (factor - 1) * (to - from);
    }
    return (x) => {
      let shift = 0;
      for (const [from, to, before, factor] of steps) {
        if (x <= from) break;
        shift = before + (factor - 1) * (Math.min(x, to) - from);
      }
      return x + shift;
    };
  }

  measure(id) {
    const level = this.plan.levels[id];
    const inside = new Map();
    const xs = [], ys = [];
    for (const [box, [x, y]] of Object.entries(level.at)) {
      if (!this.clusters.has(box) || !this.open.has(box)) continue;
      const sub = this.measure(box);
      const [w, h] = this.plan.sizes[box];
      inside.set(box, sub);
      xs.push([x - w / 2, x + w / 2, sub.outer[0]]);
      ys.push([y - h / 2, y + h / 2, sub.outer[1]]);
    }
    const fx = Picture.stretched(xs), fy = Picture.stretched(ys);
    const width = Math.max(fx(level.size[0]), id ? this.plan.sizes[id][0] : 0);
    const height = fy(level.size[1]);
    const off = (width - fx(level.size[0])) / 2;
    return { id, level, inside, fx: (x) => fx(x) + off, fy, width, height, outer: [width + 2 * this.plan.padding, height + this.plan.head + this.plan.padding] };
  }

  // Put the measured levels into one another.
  arrange() {
    this.at = new Map(); // of what is drawn: its box [left, top, width, height]
    this.local = new Map(); // of a level: the map from its coordinates to those of the picture
    const whole = this.measure("");
    const waiting = [[whole, 0, 0]];
    while (waiting.length) {
      const [m, left, top] = waiting.pop();
      this.local.set(m.id, (x, y) => [left + m.fx(x), top + m.fy(y)]);
      for (const [box, [x, y]] of Object.entries(m.level.at)) {
        if (box[0] === "<" || box[0] === ">") continue;
        const [cx, cy] = [left + m.fx(x), top + m.fy(y)];
        const sub = m.inside.get(box);
        const [w, h] = sub ? sub.outer : this.plan.sizes[box];
        this.at.set(box, [cx - w / 2, cy - h / 2, w, h]);
        if (sub) waiting.push([sub, cx - w / 2 + this.plan.padding, cy - h / 2 + this.plan.head]);
      }
    }
    this.size = [whole.width, whole.height];
  }

  // The control points of the piece of an edge in one level, in the picture's coordinates.
  piece(level, from, to, which) {
    const found = this.pieces.get(level);
    const points = found.get(`${from} ${to} ${which}`) || found.get(`${from} ${to} 0`);
    if (!points) return null;
    const local = this.local.get(level);
    const out = [];
    for (let k = 0; k < points.length; k += 2) out.push(local(points[k], points[k + 1]));
    // boxes are not stretched with the space around them: an edge ends where its box is
    const last = out.length - 1;
    this.attach(level, from, points.slice(0, 2), out, 0, 1);
    this.attach(level, to, points.slice(-2), out, last, last - 1);
    return out;
  }

  attach(level, name, [x, y], points, end, next) {
    const centre = this.plan.levels[level].at[name];
    const box = this.at.get(name);
    if (!box || name[0] === "<" || name[0] === ">") return;
    const before = points[end];
    const half = this.plan.sizes[name];
    const side = Math.max(-1, Math.min(1, (x - centre[0]) / (half[0] / 2))), low = y > centre[1] ? 1 : 0;
    points[end] = [box[0] + (box[2] / 2) * (1 + side), box[1] + box[3] * low];
    points[next] = [points[next][0] + points[end][0] - before[0], points[next][1] + points[end][1] - before[1]];
  }

  route(edge) {
    const up = ["", ...this.paths.get(edge.source)], down = ["", ...this.paths.get(edge.target)];
    let common = 0;
    while (common < up.length && common < down.length && up[common] === down[common]) common++;
    const [source, target] = [this.shown(edge.source), this.shown(edge.target)];
    const pieces = [];
    let inside = source;
    for (let k = up.length - 1; k >= common; k--) {
      if (!this.local.has(up[k])) { inside = up[k]; continue; }
      pieces.push(this.piece(up[k], k + 1 < up.length && !this.local.has(up[k + 1]) ? up[k + 1] : k === up.length - 1 ? edge.source : up[k + 1], `>${edge.source}`, 0));
      inside = up[k];
    }
    const enter = (k) => (k + 1 < down.length ? down[k + 1] : edge.target);
    pieces.push(this.piece(up[common - 1], common < up.length ? up[common] : edge.source, enter(common - 1), edge.position));
    for (let k = common; k < down.length && this.local.has(down[k]); k++) pieces.push(this.piece(down[k], `<${edge.source}`, enter(k), 0));
    return pieces.every(Boolean) ? this.joined(pieces) : null;
  }

  // An edge that is too long to be drawn: its end, with the name of where it comes from.
  stub(edge) {
    const id = this.shown(edge.target);
    const [x, y, w] = this.at.get(id);
    const before = this.stubs.get(id) || [];
    const name = shortened((this.nodes.get(edge.source) || {}).symbol || "", 12);
    if (!before.includes(name)) before.push(name);
    this.stubs.set(id, before);
    const k = before.indexOf(name);
    const at = x + w - 14 - 34 * (k % 4);
    return [`M${at.toFixed(1)} ${(y - 17).toFixed(1)}V${y.toFixed(1)}`, this.text("far", at, y - 20, k < 4 ? name : "")];
  }

  joined(pieces) {
    const p = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;
    let out = "", last = null;
    for (const points of pieces) {
      if (!last) out = `M${p(points[0])}`;
      else {
        const d = Math.max(6, Math.abs(points[0][1] - last[1]) / 2);
        out += `C${p([last[0], last[1] + d])} ${p([points[0][0], points[0][1] - d])} ${p(points[0])}`;
      }
      for (let k = 1; k + 2 < points.length; k += 3) out += `C${p(points[k])} ${p(points[k + 1])} ${p(points[k + 2])}`;
      last = points[points.length - 1];
    }
    return out;
  }

  draw() {
    this.standing.clear();
    this.arrange();
    this.groups.clear();
    this.lines = [];
    const frames = svg("g", {}), lines = svg("g", {}), nodes = svg("g", {});
    const ordered = [...this.at.keys()].sort((a, b) => this.paths.get(a).length - this.paths.get(b).length);
    for (const id of ordered) {
      const cluster = this.clusters.get(id);
      const group = cluster ? (this.open.has(id) ? this.frame(cluster) : this.folded(cluster)) : this.node(this.nodes.get(id));
      this.groups.set(id, group);
      (cluster && this.open.has(id) ? frames : nodes).append(group);
    }
    const drawn = new Map();
    this.stubs = new Map();
    for (const edge of this.graph.edges) {
      const [source, target] = [this.shown(edge.source), this.shown(edge.target)];
      if (source === target) continue;
      const single = source === edge.source && target === edge.target;
      const key = single ? `${source} ${target} ${edge.position}` : `${source} ${target}`;
      let line = drawn.get(key);
      if (!line) {
        const d = this.route(edge);
        const [stub, name] = d ? [] : this.stub(edge);
        const path = svg("path", { class: "edge", d: d || stub, "marker-end": "url(#arrow-plain)" });
        lines.append(path);
        if (name) lines.append(name);
        line = { path, edges: [] };
        drawn.set(key, line);
        this.lines.push(line);
      }
      line.edges.push(edge);
    }
    this.view.replaceChildren(frames, lines, nodes);
  }

  text(className, x, y, content, anchor = "middle") {
    const out = svg("text", { class: className, x, y, "text-anchor": anchor });
    out.textContent = content;
    return out;
  }

  node(n) {
    const [x, y, w, h] = this.at.get(n.id);
    const title = n.primitive ? `${n.symbol} = ${n.primitive}` : n.name || n.symbol;
    const round = n.kind === "primitive" || n.kind === "output" ? 10 : 2;
    const group = svg("g", {
      class: `node k-${n.kind}${derivedClass(n)}${n.bad ? " bad" : ""}${n.born ? " born" : ""}`,
      "data-id": n.id, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, role: "button", tabindex: -1,
    }, svg("rect", { class: "ring", x: -5, y: -5, width: w + 10, height: h + 10, rx: round + 5 }), svg("rect", { class: "body", width: w, height: h, rx: round }));
    const number = h <= 30;
    group.append(this.text("title", w / 2, number ? h / 2 + 4.5 : 19, fitting(shortened(title, 34), w - 8, "600 13px")));
    if (!number) {
      const facts = n.value && (!n.shape || !n.shape.length) ? n.value : shapeText(n.shape) || (n.results ? n.results.map(shapeText).join(" ") : "");
      group.facts = [this.text("value", w / 2, 35, fitting(facts, w - 10)), this.text("gradient", w / 2, 51, "")];
      group.append(...group.facts);
    }
    if (h > 60) group.classList.add("roomy");
    if (n.bad) group.append(this.text("sign", w - 2, 4, "⚠"));
    return group;
  }

  folded(c) {
    const [x, y, w, h] = this.at.get(c.id);
    const count = this.counts.get(c.id) || 0;
    const group = svg("g", {
      class: "node k-folded", "data-id": c.id, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, role: "button", tabindex: 0, "aria-expanded": "false",
    },
      svg("rect", { class: "ring", x: -5, y: -5, width: w + 10, height: h + 10, rx: 13 }),
      svg("rect", { class: "behind", x: 4, y: 4, width: w, height: h, rx: 8 }),
      svg("rect", { class: "body", width: w, height: h, rx: 8 }),
      this.text("title", w / 2, 19, `▸ ${shortened(c.label, 34)}`),
      this.text("value", w / 2, 35, `${count} nodes`));
    return group;
  }

  frame(c) {
    const [x, y, w, h] = this.at.get(c.id);
    const label = `▾ ${shortened(c.label, 40)}`;
    return svg("g", { class: `cluster c-${c.kind}`, "data-id": c.id, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, role: "group", "aria-label": clean(c.label) },
      svg("rect", { class: "frame", width: w, height: h, rx: 10 }),
      svg("g", { class: "fold", "data-fold": c.id, role: "button", tabindex: 0, "aria-expanded": "true" },
        svg("rect", { class: "handle", x: 3, y: 3, width: Math.min(w - 6, [...label].length * 7 + 18), height: 20, rx: 7 }),
        this.text("label", 10, 17, label, "start")));
  }

  // Fold or unfold a cluster, and keep it where it is on the screen.
  toggle(id, open = !this.open.has(id)) {
    const before = this.at.get(this.shown(id));
    this.standing.clear();
    if (open) this.open.add(id);
    else this.open.delete(id);
    this.draw();
    const after = this.at.get(this.shown(id));
    if (before && after) {
      this.transform.x += (before[0] + before[2] / 2 - after[0] - after[2] / 2) * this.transform.scale;
      this.transform.y += (before[1] - after[1]) * this.transform.scale;
    }
    this.apply();
  }

  all(open) {
    for (const c of this.clusters.keys()) if (open) this.open.add(c); else this.open.delete(c);
    this.draw();
    this.fit();
  }

  // Unfold whatever hides a node; returns the clusters that had to be opened.
  reveal(id) {
    const opened = this.paths.get(id).filter((c) => !this.open.has(c));
    for (const c of opened) this.open.add(c);
    if (opened.length) this.draw();
    return opened;
  }

  apply() {
    const { x, y, scale } = this.transform;
    this.view.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${scale.toFixed(4)})`);
  }

  // On paper the whole picture is shown, however large the sheet is.
  print(on) {
    if (on) {
      this.place.setAttribute("viewBox", `0 0 ${this.size.map(Math.ceil).join(" ")}`);
      this.view.removeAttribute("transform");
    } else {
      this.place.removeAttribute("viewBox");
      this.apply();
    }
  }

  room() {
    return this.roomy;
  }

  // The room on the screen; asking the browser for it in every step would make it lay out everything.
  look() {
    const box = this.place.getBoundingClientRect();
    this.roomy = [box.width || 800, box.height || 600];
    this.foot = matchMedia("(max-width: 860px)").matches ? MARGIN : FOOT; // narrow ones have the legend below the picture
  }

  // The whole picture if it can be read then, else its beginning.
  fit() {
    const [w, h] = this.room();
    const [width, height] = [w - 2 * MARGIN, h - MARGIN - this.foot];
    const whole = Math.min(width / this.size[0], height / this.size[1], 1.35);
    const scale = whole >= 0.75 ? whole : Math.max(whole, Math.min(0.85, Math.max(0.6, width / this.size[0])));
    this.transform = { scale, x: (w - this.size[0] * scale) / 2, y: Math.max(MARGIN, MARGIN + (height - this.size[1] * scale) / 2) };
    this.apply();
  }

  zoom(factor, px, py) {
    const [w, h] = this.room();
    const [x, y] = [px ?? w / 2, py ?? h / 2];
    const t = this.transform;
    const scale = Math.min(5, Math.max(0.03, t.scale * factor));
    t.x = x - ((x - t.x) * scale) / t.scale;
    t.y = y - ((y - t.y) * scale) / t.scale;
    t.scale = scale;
    this.apply();
  }

  // Bring a node into sight if it is not, without showing more emptiness than need be.
  follow(id, always = false) {
    const box = this.at.get(this.shown(id));
    if (!box) return;
    const t = this.transform;
    const ends = [[MARGIN, this.room()[0] - MARGIN], [MARGIN, this.room()[1] - this.foot]]; // of the room, across and down
    const seen = [0, 1].map((k) => [(k ? t.y : t.x) + box[k] * t.scale, (k ? t.y : t.x) + (box[k] + box[k + 2]) * t.scale]);
    if (!always && seen.every(([from, to], k) => from >= ends[k][0] - 1 && to <= ends[k][1] + 1)) return;
    const moved = seen.map(([from, to], k) => {
      const [start, end] = ends[k];
      const whole = this.size[k] * t.scale;
      if (whole <= end - start) return (start + end - whole) / 2;
      const middle = (k ? t.y : t.x) + (start + end - from - to) / 2;
      return Math.min(start, Math.max(end - whole, middle));
    });
    [t.x, t.y] = moved;
    this.apply();
  }
}
