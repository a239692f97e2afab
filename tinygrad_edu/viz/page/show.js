// What is shown in words and numbers: arrays, steps, nodes.

function el(name, attributes, ...children) {
  const out = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "class") out.className = value;
    else if (key.startsWith("on")) out.addEventListener(key.slice(2), value);
    else if (value != null && value !== false) out.setAttribute(key, value === true ? "" : value);
  }
  out.append(...children.filter((c) => c != null && c !== ""));
  return out;
}

// A number in four digits, as the package writes it (Python's .4g with a real minus sign).
function number(x) {
  if (typeof x === "string") return x;
  if (x === 0 || (Number.isInteger(x) && Math.abs(x) < 1e4)) return String(x).replace("-", "−");
  const [digits, exponent] = x.toExponential(3).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 4) return String(Number(x.toPrecision(4))).replace("-", "−");
  const short = digits.replace(/\.?0+$/, "");
  return `${short}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`.replaceAll("-", "−");
}

const percent = (x) => (x === 0 ? "no" : x < 0.001 ? "<0.1 %" : `${Number((100 * x).toPrecision(3))} %`);

// −1 … 1 as a colour: blue below zero, orange above, the paper at zero.
function tint(x, dark) {
  const strength = Math.min(1, Math.abs(x)) ** 0.7;
  const [paper, ink] = dark ? [[28, 34, 44], x < 0 ? [94, 168, 255] : [255, 164, 74]] : [[255, 255, 255], x < 0 ? [24, 96, 190] : [205, 92, 0]];
  return paper.map((p, k) => Math.round(p + (ink[k] - p) * strength));
}

const darkMode = () => matchMedia("(prefers-color-scheme: dark)").matches && !matchMedia("print").matches;

class Shower {
  constructor(data) {
    this.arrays = data.film ? data.film.arrays : [];
    this.pictures = []; // heat maps that are on the page, to be drawn again when the colours change
  }

  // An array: its numbers if they are few, else a heat map and what can be said about it.
  array(k) {
    const a = this.arrays[k];
    if (!a) return el("span", { class: "unknown" }, "not kept");
    if (a.numbers) return this.numbers(a, k);
    if (a.map) return this.heat(a, k);
    return el("span", { class: "unknown", "data-array": k }, `${shapeText(a.shape)} ${a.text || ""}`);
  }

  numbers(a, k) {
    const scalar = a.shape.length === 0;
    const columns = scalar ? 1 : a.shape[a.shape.length - 1] || 1;
    const finite = a.numbers.filter((x) => typeof x === "number").map(Math.abs);
    const top = Math.max(...finite, 0) || 1;
    const matrix = a.shape.length > 2 ? a.shape[a.shape.length - 2] : 0;
    const cells = a.numbers.map((x, i) => {
      const cell = el("span", { class: typeof x === "string" ? "cell odd" : "cell", title: String(x), "data-value": String(x) }, a.type === "bool" ? (x ? "True" : "False") : number(x));
      if (typeof x === "number" && !scalar) cell.style.setProperty("--tint", `${Math.round((70 * Math.abs(x)) / top)}%`);
      if (x < 0) cell.classList.add("below");
      if (matrix && i >= columns && i % (columns * matrix) < columns) cell.classList.add("next");
      return cell;
    });
    const out = el("span", { class: scalar ? "numbers scalar" : columns > 4 ? "numbers wide" : "numbers", "data-array": k, tabindex: columns > 3 ? 0 : null, role: columns > 3 ? "group" : null, "aria-label": columns > 3 ? `array of shape ${shapeText(a.shape)}` : null }, ...cells);
    out.style.setProperty("--columns", columns);
    return a.numbers.length ? out : el("span", { class: "unknown", "data-array": k }, `${shapeText(a.shape)} empty`);
  }

  heat(a, k) {
    const { rows, columns } = a.map;
    const range = a.min === undefined ? "nothing finite" : a.min === a.max ? `all ${number(a.min)}` : `${number(a.min)} … ${number(a.max)}, mean ${number(a.mean)}`;
    const notes = [shapeText(a.shape), a.type, range, `${percent(a.zeros || 0)} zeros`];
    const bad = [a.nan ? `${a.nan} NaN` : "no NaN", a.infinite ? `${a.infinite} infinite` : ""].filter(Boolean).join(", ");
    const canvas = el("canvas", { width: columns, height: rows, role: "img", "aria-label": `heat map of ${notes.join(", ")}, ${bad}` });
    const scale = Math.max(1, Math.min(14, Math.floor(Math.min(260 / columns, 150 / rows))));
    canvas.style.width = `${Math.min(260, Math.max(columns * scale, 40))}px`;
    canvas.style.height = `${Math.max(Math.min(rows * scale, 260), 12)}px`;
    const codes = Uint8Array.from(atob(a.map.codes), (c) => c.charCodeAt(0));
    const paint = () => {
      const dark = darkMode();
      const image = new ImageData(columns, rows);
      codes.forEach((code, i) => {
        let colour = tint(code / 125 - 1, dark);
        let alpha = 255;
        if (code === 254) alpha = 0;
        else if (code === 253) colour = [214, 0, 120];
        else if (code === 251 || code === 252) colour = dark ? [255, 255, 255] : [0, 0, 0];
        image.data.set([...colour, alpha], 4 * i);
      });
      canvas.getContext("2d").putImageData(image, 0, 0);
    };
    paint();
    this.pictures.push([canvas, paint]);
    return el("span", { class: "heat", "data-array": k }, canvas,
      el("span", { class: "facts" }, notes.slice(0, 2).join(" "), el("br"), range, el("br"), `${notes[3]}, `, a.nan || a.infinite ? el("strong", { class: "warning" }, bad) : bad));
  }

  repaint() {
    this.pictures = this.pictures.filter(([canvas]) => canvas.isConnected);
    for (const [, paint] of this.pictures) paint();
  }

  // name = array, in one row.
  row(name, k, note) {
    return el("div", { class: "row" }, el("span", { class: "name" }, name), el("span", { class: "is" }, "="), k == null ? el("span", { class: "unknown" }, "not kept") : this.array(k), note ? el("span", { class: "note" }, note) : null);
  }

  rows(name, k, note) {
    return Array.isArray(k) ? k.map((i, index) => (i == null ? null : this.row(`${name}[${index}]`, i, note))) : [this.row(name, k, note)];
  }
}
