// The player: which step is shown, what it says, and what it does to the picture.

class Player {
  constructor(data, picture, shower) {
    this.film = data.film;
    this.graph = data.graph;
    this.picture = picture;
    this.shower = shower;
    this.steps = this.film.steps;
    this.words = data.words;
    this.at = 0; // 0: before the first step; k: after step k
    this.operands = new Map(); // of a node: its edges, in order
    for (const e of this.graph.edges) {
      if (!this.operands.has(e.target)) this.operands.set(e.target, []);
      this.operands.get(e.target).push(e);
    }
    for (const list of this.operands.values()) list.sort((a, b) => a.position - b.position);
    this.uses = new Map(); // how many contributions a node gets in a pass
    this.roots = new Map(); // of a pass: what is differentiated
    for (const s of this.steps) {
      if (s.kind === "seed") this.roots.set(s.pass, [...(this.roots.get(s.pass) || []), s.node]);
      const targets = s.kind === "back" ? s.parts.map((p) => p.to) : s.kind === "seed" ? [s.node] : [];
      for (const node of targets) this.uses.set(`${s.pass} ${node}`, (this.uses.get(`${s.pass} ${node}`) || 0) + 1);
    }
    this.opened = []; // clusters that the player has unfolded to show a step
    this.timer = null;
    this.moved = () => {}; // called after each step
  }

  symbol(id) {
    const n = this.picture.nodes.get(id);
    return n ? clean(n.symbol) : "?";
  }

  // How the cotangent of a node is written.
  cotangent(id, pass) {
    const roots = this.roots.get(pass) || [];
    const n = this.picture.nodes.get(roots[0]);
    const scalar = roots.length === 1 && n && (n.shape || []).length === 0;
    return scalar ? `∂${this.symbol(roots[0])}/∂${this.symbol(id)}` : `ḡ(${this.symbol(id)})`;
  }

  call(id) {
    const n = this.picture.nodes.get(id);
    const operands = (this.operands.get(id) || []).map((e) => this.symbol(e.source) + (e.result == null ? "" : `[${e.result}]`));
    const options = n.options ? [clean(n.options)] : [];
    return n.primitive ? `${clean(n.primitive)}(${[...operands, ...options].join(", ")})` : this.symbol(id);
  }

  // What is known after the steps so far: values and gradients of nodes.
  state(at = this.at) {
    const values = new Map(Object.entries(this.film.given)), passes = new Map(); // a pass may start inside of another
    let pass = null;
    for (let k = 0; k < at; k++) {
      const s = this.steps[k];
      if (s.kind === "call") {
        values.set(s.node, s.result);
        for (const e of this.operands.get(s.node) || []) { // an optimizer may have changed what was given
          if (values.has(e.source) && !this.picture.nodes.get(e.source).primitive && s.operands[e.position] != null) values.set(e.source, s.operands[e.position]);
        }
      } else {
        pass = s.pass;
        if (!passes.has(pass)) passes.set(pass, { gradients: new Map(), counts: new Map(), finished: new Set() });
        const { gradients, counts, finished } = passes.get(pass);
        if (s.kind === "seed") { gradients.set(s.node, s.value); counts.set(s.node, (counts.get(s.node) || 0) + 1); }
        else if (s.kind === "leaf") { gradients.set(s.node, s.total); finished.add(s.node); }
        else {
          gradients.set(s.node, s.incoming);
          finished.add(s.node);
          for (const p of s.parts) { gradients.set(p.to, p.total); counts.set(p.to, (counts.get(p.to) || 0) + 1); }
        }
      }
    }
    const { gradients, counts, finished } = passes.get(pass) || { gradients: new Map(), counts: new Map(), finished: new Set() };
    const missing = new Set([...counts].filter(([node, n]) => n < this.uses.get(`${pass} ${node}`)).map(([node]) => node));
    return { values, gradients, finished, missing, pass };
  }

  go(at, follow = true) {
    this.at = Math.max(0, Math.min(this.steps.length, at));
    const step = this.steps[this.at - 1];
    if (step && follow) {
      // what was unfolded for an earlier step is folded again
      const keep = new Set(this.picture.paths.get(step.node));
      const close = this.opened.filter((c) => !keep.has(c));
      for (const c of close) this.picture.open.delete(c);
      const opened = this.picture.paths.get(step.node).filter((c) => !this.picture.open.has(c));
      for (const c of opened) this.picture.open.add(c);
      this.opened = [...this.opened.filter((c) => keep.has(c)), ...opened];
      if (close.length || opened.length) this.picture.draw();
    }
    this.paint();
    if (step && follow) this.picture.follow(step.node);
    this.tell();
    this.moved();
  }

  // The state of the film in the picture.
  paint() {
    const { values, gradients, finished, missing } = this.state();
    const step = this.steps[this.at - 1];
    const now = step && this.picture.shown(step.node);
    const backward = step && step.kind !== "call";
    const known = new Map(); // folded clusters: whether anything in them is computed
    for (const n of this.graph.nodes) {
      const shown = this.picture.shown(n.id);
      if (values.has(n.id) || !n.primitive) known.set(shown, true);
      if (shown !== n.id) continue;
      const group = this.picture.groups.get(n.id);
      if (!group.facts) continue;
      const more = missing.has(n.id) ? " + …" : "";
      const [value, gradient] = [this.brief(values.get(n.id), n), this.brief(gradients.get(n.id), n, "∂ ", more)];
      const roomy = !gradient && n.kind !== "constant" && n.kind !== "buffer";
      const texts = [value || (n.shape ? shapeText(n.shape) : ""), gradient ? `∂ ${gradient}${more}` : ""];
      group.facts.forEach((fact, k) => { if (fact.textContent !== texts[k]) fact.textContent = texts[k]; });
      group.classList.toggle("roomy", roomy);
      group.classList.toggle("spoilt", this.isBad(gradients.get(n.id)));
      group.classList.toggle("has-gradient", finished.has(n.id));
    }
    for (const [id, group] of this.picture.groups) {
      group.classList.toggle("future", group.classList.contains("node") && !known.get(id));
      group.classList.toggle("now", id === now);
      group.classList.toggle("backward", id === now && backward);
    }
    const parts = step && step.kind === "back" ? new Set(step.parts.map((p) => p.operand)) : null;
    for (const { path, edges } of this.picture.lines) {
      const flows = step && (step.kind === "call" || step.kind === "back") && edges.some((e) => e.target === step.node && (!parts || parts.has(e.position)));
      const kind = !flows ? "plain" : backward ? "backward" : "forward";
      if (path.flow === kind) continue;
      path.flow = kind;
      path.setAttribute("class", `edge ${kind}`);
      if (kind === "backward") { path.removeAttribute("marker-end"); path.setAttribute("marker-start", "url(#arrow-backward)"); }
      else { path.removeAttribute("marker-start"); path.setAttribute("marker-end", `url(#arrow-${kind})`); }
    }
  }

  // Whether NaN or infinity is in it.
  isBad(k) {
    return Array.isArray(k) ? k.some((i) => this.isBad(i)) : k != null && Boolean((this.shower.arrays[k] || {}).bad);
  }

  // An array in a few letters, for the picture.
  brief(k, n, before = "", after = "") {
    if (k == null) return "";
    const room = this.picture.plan.sizes[n.id][0] - 10, style = before ? "600 12px" : "12px";
    if (Array.isArray(k)) {
      const shapes = k.map((i) => shapeText((this.shower.arrays[i] || {}).shape)).join(" ");
      return fits(before + shapes + after, room, style) ? shapes : `${k.length} arrays`;
    }
    const a = this.shower.arrays[k];
    const range = (a.text || "").replace(/, mean [^,]*/, "");
    const rounded = range.replace(/[−\d.]+(e[+−]\d+)?/g, (x) => number(Number(Number(x.replaceAll("−", "-")).toPrecision(2))));
    const found = [a.text || "", range, rounded].find((text) => text && fits(before + text + after, room, style));
    return found || `${shapeText(a.shape)}${a.bad ? " " + (a.bad === "nan" ? "NaN" : "∞") : ""}`;
  }

  tell() {
    const step = this.steps[this.at - 1];
    const say = document.getElementById("say"), told = document.getElementById("told");
    const phase = (kind, text) => el("span", { class: `phase ${kind}` }, text);
    const title = (kind, text, sentence) => say.replaceChildren(phase(kind, text), ` ${sentence}`);
    const out = [];
    if (!step) {
      title("start", "start", "What is given");
      const given = Object.entries(this.film.given);
      out.push(el("p", {}, "The numbers before the first step. Each step that follows is one that the engine took, in its order."));
      for (const [id, k] of given.slice(0, 16)) out.push(this.shower.row(this.symbol(id), k));
      if (given.length > 16) out.push(el("p", { class: "note" }, `… and ${given.length - 16} more`));
    } else if (step.kind === "call") this.tellCall(step, title, out);
    else if (step.kind === "seed") this.tellSeed(step, title, out);
    else if (step.kind === "back") this.tellBack(step, title, out);
    else this.tellLeaf(step, title, out);
    const born = this.film.born[this.at - 1];
    if (step && born !== undefined) out.unshift(this.warning(step, born));
    if (step) {
      const site = siteOf(this.picture.nodes.get(step.node));
      if (site) out.push(el("p", { class: "site" }, site));
    }
    told.replaceChildren(...out.flat().filter(Boolean));
  }

  warning(step, born) {
    if (born === this.at - 1) {
      const where = step.kind === "call" ? `${this.call(step.node)} gives it, though its operands do not hold any` : step.kind === "back" ? "this rule gives it, though the cotangent that comes in does not hold any" : "it is put in here";
      return el("p", { class: "warning" }, `⚠ NaN or infinity is born here: ${where}.`);
    }
    const source = this.steps[born];
    return el("p", { class: "warning" }, "⚠ NaN or infinity came from ", el("button", { type: "button", class: "link", "data-step": born + 1, onclick: () => this.go(born + 1) }, `step ${born + 1}, ${this.symbol(source.node)}`));
  }

  tellCall(step, title, out) {
    const n = this.picture.nodes.get(step.node);
    const inner = step.pass != null;
    const says = (this.words[n.primitive] || {})[""];
    title(inner ? "second" : "forward", inner ? "recorded backward" : "forward", `${this.symbol(step.node)} = ${this.call(step.node)}`);
    if (says) out.push(el("p", { class: "note" }, `${clean(n.primitive)}: ${clean(says)}`));
    if (inner) out.push(el("p", {}, "A rule called this while gradients were computed with create_graph: it is part of the graph of the gradient."));
    const operands = this.operands.get(step.node) || [];
    const seen = new Set();
    for (const e of operands) {
      const k = step.operands[e.position];
      const name = this.symbol(e.source);
      if (k == null || seen.has(name)) continue;
      seen.add(name);
      out.push(this.shower.row(name, e.result == null || !Array.isArray(k) ? k : k[e.result]));
    }
    out.push(el("div", { class: "gives" }, ...this.shower.rows(this.symbol(step.node), step.result)));
    const rules = operands.filter((e) => e.formula);
    if (rules.length && !inner) {
      out.push(el("h3", {}, "Its rule, for the way back"), ...rules.map((e) => this.rule(e)), this.where(n), this.glossary(n, rules));
    }
  }

  rule(e) {
    return el("p", { class: "rule" }, el("span", { class: "to" }, `to ${this.symbol(e.source)}:`), " ", el("code", {}, clean(e.formula)));
  }

  // What the functions in formulas do.
  glossary(n, edges) {
    const text = edges.map((e) => e.formula || "").join(" ");
    const called = Object.entries(this.words[n.primitive] || {}).filter(([name]) => name && new RegExp(`(^|\\W)${name}\\(`).test(text));
    return called.length ? el("dl", { class: "words" }, ...called.map(([name, says]) => el("div", {}, el("dt", {}, name), " ", el("dd", {}, clean(says))))) : null;
  }

  where(n) {
    const words = [n.where ? clean(n.where) : ""].filter(Boolean);
    return words.length ? el("p", { class: "note" }, `where ${words.join(", ")}`) : null;
  }

  tellSeed(step, title, out) {
    const order = step.recorded ? " It is recorded (create_graph), so that gradients can be differentiated again." : "";
    title("backward", "backward", `The pass starts at ${this.symbol(step.node)}`);
    out.push(el("p", {}, `From here on the steps ask: how does ${this.symbol(step.node)} change with each tensor? The first answer is known.${order}`));
    const name = this.cotangent(step.node, step.pass);
    out.push(this.shower.row(name, step.value));
    if (name.startsWith("ḡ")) out.push(el("p", { class: "note" }, `${name} is the cotangent of ${this.symbol(step.node)}: how much each of its numbers counts.`));
  }

  tellBack(step, title, out) {
    const n = this.picture.nodes.get(step.node);
    title("backward", "backward", `${this.symbol(step.node)} = ${this.call(step.node)}`);
    const uses = this.uses.get(`${step.pass} ${step.node}`) || 1;
    const name = this.cotangent(step.node, step.pass);
    const g = (this.operands.get(step.node) || []).some((e) => e.formula && e.formula.includes("ḡ")) ? "ḡ" : "g";
    out.push(el("h3", {}, "Comes in"), ...this.shower.rows(`${g} = ${name}`, step.incoming, uses > 1 ? `complete: ${uses} contributions added up` : null));
    const operands = this.operands.get(step.node) || [];
    const rules = new Map(operands.map((e) => [e.position, e]));
    out.push(el("h3", {}, "Goes to each operand"));
    for (const p of step.parts) {
      const e = rules.get(p.operand);
      const to = p.to == null ? "?" : this.symbol(p.to) + (p.index == null ? "" : `[${p.index}]`);
      const what = this.cotangent(p.to, step.pass);
      const part = el("div", { class: "part", "data-operand": p.operand });
      part.append(el("p", { class: "rule" }, el("span", { class: "to" }, `to ${to}:`), " ", el("code", {}, e && e.formula ? clean(e.formula) : "its own backward")));
      part.append(this.shower.row("", p.value, p.raw ? `summed from ${shapeText(p.raw)}: broadcasting had repeated ${to}` : null));
      const all = this.uses.get(`${step.pass} ${p.to}`) || 1;
      if (p.before != null) {
        part.append(el("p", { class: "adding" }, `${to} is used ${all} times; this is contribution ${p.uses}. Added up:`));
        part.append(el("div", { class: "sum" }, this.shower.array(p.before), el("span", { class: "plus" }, "+"), this.shower.array(p.value), el("span", { class: "plus" }, "="), this.shower.array(p.total)));
        if (p.uses === all) part.append(el("p", { class: "note" }, `${what} is complete.`));
      } else if (all > 1) part.append(el("p", { class: "adding" }, `${to} is used ${all} times; this is contribution 1, and the others will be added.`));
      out.push(part);
    }
    const read = Object.entries(step.reads).filter(([, k]) => k != null);
    out.push(this.where(n), this.glossary(n, operands));
    if (read.length) {
      const operand = new Map(operands.map((e) => [e.operand, this.symbol(e.source)]));
      out.push(el("details", { class: "reads" }, el("summary", {}, "What the rules read"), ...read.flatMap(([name, k]) => this.shower.rows(name === "y" ? this.symbol(step.node) : operand.get(name) || name, k))));
    }
  }

  tellLeaf(step, title, out) {
    const name = this.symbol(step.node);
    title("backward", "gradient", `${name} has its gradient`);
    const uses = this.uses.get(`${step.pass} ${step.node}`) || 1;
    out.push(this.shower.row(this.cotangent(step.node, step.pass), step.total, uses > 1 ? `${uses} contributions added up` : null));
    if (step.after != null && step.before != null) {
      out.push(el("p", { class: "adding" }, `${name}.grad was not empty: backward() adds to it.`));
      out.push(el("div", { class: "sum" }, this.shower.array(step.before), el("span", { class: "plus" }, "+"), this.shower.array(step.total), el("span", { class: "plus" }, "="), this.shower.array(step.after)));
    } else if (step.after != null) out.push(this.shower.row(`${name}.grad`, step.after));
  }

  get playing() {
    return this.timer !== null;
  }

  toggle(speed) {
    if (this.playing) return this.pause();
    if (this.at >= this.steps.length) this.go(0);
    const tick = () => {
      this.go(this.at + 1);
      this.timer = this.at < this.steps.length ? setTimeout(tick, 1400 / speed()) : null;
      this.moved();
    };
    this.timer = setTimeout(tick, 250);
    this.moved();
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.moved();
  }
}
