// Sorting, filtering and submitting. All pages work without it.
"use strict";

const number = new Intl.NumberFormat("en");

// The value of a cell: a number where it has one, else its text.
function value(row, column) {
  const cell = row.cells[column];
  const raw = cell.dataset.v ?? cell.textContent.trim();
  return raw !== "" && !Number.isNaN(Number(raw)) ? Number(raw) : raw.toLowerCase();
}

function compare(a, b) {
  if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
  return typeof a === "number" ? -1 : 1;
}

// Numbers are sorted in descending order, text and ranks in ascending order; a second click reverses. Empty cells are last.
function sort(table, header) {
  const bodies = [...table.tBodies].map((body) => {
    const rows = [...body.rows].filter((row) => !row.classList.contains("group")); // the title of a group stays first
    return { body, rows, values: rows.map((row) => value(row, header.cellIndex)) };
  });
  const numbers = bodies.every(({ values }) => values.every((v) => typeof v === "number" || v === ""));
  const previous = header.getAttribute("aria-sort");
  const down = previous ? previous === "ascending" : numbers && !header.hasAttribute("data-up");
  for (const { body, rows, values } of bodies) {
    const empty = (i) => Number(values[i] === "");
    const order = rows
      .map((row, i) => i)
      .sort((i, j) => empty(i) - empty(j) || (down ? -1 : 1) * compare(values[i], values[j]) || i - j);
    body.append(...order.map((i) => rows[i]));
  }
  for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
}

function sortable(table) {
  for (const header of [...table.tHead.rows].at(-1).cells) {
    if (header.hasAttribute("data-fixed")) continue;
    const button = document.createElement("button");
    button.type = "button";
    if (header.querySelector("a")) button.setAttribute("aria-label", `sort by ${header.textContent.trim()}`);
    else button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sort(table, header));
  }
}

// Filtering in the page when it has all lines; otherwise the server filters.
function filterable(form) {
  const tables = [...document.querySelectorAll("table[data-filtered]")];
  const lists = tables.length ? tables : [...document.querySelectorAll("table.ranking")];
  const named = tables.length ? "a.model" : "th"; // a task's ranking is searched by model name, as on the server
  const apply = () => {
    const filters = Object.fromEntries(new FormData(form));
    const word = (filters.q ?? "").trim().toLowerCase();
    const counts = new Map();
    for (const table of lists) {
      const place = (table.closest("section") ?? document).querySelector(".found");
      let [shown, all] = counts.get(place) ?? [0, 0];
      for (const row of table.tBodies[0].rows) {
        if (!row.classList.contains("model")) continue;
        const fits =
          row.querySelector(named).textContent.toLowerCase().includes(word) &&
          (!filters.framework || row.dataset.framework === filters.framework) &&
          (!filters.badge || row.dataset.badge.split(" ").includes(filters.badge));
        row.hidden = !fits;
        shown += fits;
        all += 1;
      }
      counts.set(place, [shown, all]);
    }
    for (const [place, [shown, all]] of counts) {
      if (place) place.textContent = shown === all ? `${number.format(all)} models` : `${number.format(shown)} of ${number.format(all)} models`;
    }
  };
  for (const kind of ["input", "change"]) form.addEventListener(kind, apply);
  form.addEventListener("submit", (event) => {
    if (form.elements.sort) return;
    event.preventDefault();
    apply();
  });
}

// Two models are compared.
function pickable(form) {
  const boxes = () => [...form.querySelectorAll("input[name=id], input[name=model]")];
  const button = form.querySelector("button:not(th button)");
  const status = form.querySelector("[data-picked]");
  const update = () => {
    const picked = boxes().filter((box) => box.checked);
    for (const box of boxes()) box.disabled = picked.length >= 2 && !box.checked;
    button.disabled = picked.length !== 2;
    status.textContent = picked.length === 2 ? "" : `${picked.length} of 2 chosen`;
  };
  form.addEventListener("change", update);
  update();
}

function showLines(place, kind, lines) {
  const box = document.createElement("div");
  box.className = kind;
  for (const line of lines) {
    const p = document.createElement("p");
    p.textContent = line;
    box.append(p);
  }
  place.replaceChildren(box);
}

function receipt(answer) {
  const scores = Object.entries(answer.scores).map(
    ([split, s]) => `${split}: ${number.format(s.correct)} of ${number.format(s.n)} right, ${(100 * s.exact_match).toFixed(2)} %`,
  );
  const how = answer.new ? `kept as ${answer.digest.slice(0, 8)}` : `already on the board as ${answer.digest.slice(0, 8)}; attempt ${answer.attempts} was recorded`;
  const proof = answer.proof ? [`proved: ${answer.proof.claim}`] : [];
  return [`${answer.model} on ${answer.task}: ${how}`, ...scores, ...proof, ...answer.differences.map((d) => `the claimed score does not agree: ${d}`)];
}

function submittable(form) {
  const place = document.querySelector("[data-answer]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const token = form.querySelector("[data-token]").value.trim();
    button.disabled = true;
    showLines(place, "receipt", ["The predictions are being scored..."]);
    try {
      const body = new FormData(form);
      if (!body.get("certificate").size) body.delete("certificate");
      const response = await fetch(form.action, { method: "POST", headers: { Authorization: `Bearer ${token}` }, body });
      const answer = await response.json();
      if (response.ok) showLines(place, "receipt", receipt(answer));
      else showLines(place, "warning", [`Refused: ${answer.error ?? response.status}`]);
    } catch (error) {
      showLines(place, "warning", [`No response from the server: ${error.message}`]);
    } finally {
      button.disabled = false;
    }
  });
}

// The split of all panels of a page stands behind the # of its address.
function splits(choice) {
  const inputs = [...choice.querySelectorAll("input")];
  const read = () => {
    const wanted = location.hash.match(/^#split=(\w+)$/)?.[1];
    const input = inputs.find((i) => i.value === wanted);
    if (input) input.checked = true;
  };
  choice.addEventListener("change", () => {
    const chosen = inputs.find((i) => i.checked);
    const first = chosen === inputs[0];
    history.replaceState(null, "", first ? location.pathname + location.search : `#split=${chosen.value}`);
  });
  addEventListener("hashchange", read);
  read();
}

// One tab stop for many links or buttons: the arrow keys, Home and End move between them.
function roving(list, previous, following) {
  const stops = () => list().filter((stop) => stop.checkVisibility());
  const all = list();
  for (const stop of all) stop.tabIndex = -1;
  if (all.length) all[0].tabIndex = 0;
  const move = (from, event) => {
    const found = stops();
    const at = found.indexOf(from);
    const next = { [previous]: at - 1, [following]: at + 1, Home: 0, End: found.length - 1 }[event.key];
    if (next === undefined || !found[next]) return;
    event.preventDefault();
    for (const stop of list()) stop.tabIndex = -1;
    found[next].tabIndex = 0;
    found[next].focus();
    found[next].scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  for (const stop of all) stop.addEventListener("keydown", (event) => move(stop, event));
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// A heat map of many models: search and pin models, and make them rows instead of columns.
class HeatMap {
  constructor(table) {
    this.table = table;
    this.scroll = table.parentNode;
    this.models = [...table.tHead.rows[0].cells].filter((c) => c.matches(".name:not(.reference)"));
    this.names = this.models.map((cell) => [...cell.querySelector("a span").childNodes].map((n) => n.textContent.trim()).filter(Boolean).join(", "));
    this.pinned = [];
    this.word = "";
    this.turned = null;
    this.tools();
    this.walk(table);
  }

  tools() {
    const find = element("input", { type: "search", maxLength: 100, placeholder: "model" });
    find.addEventListener("input", () => {
      this.word = find.value.trim().toLowerCase();
      this.show();
    });
    const choose = element("select", {}, element("option", { value: "", textContent: "choose a model" }));
    this.names.forEach((name, i) => choose.append(element("option", { value: i, textContent: name })));
    choose.addEventListener("change", () => {
      if (choose.value !== "") this.pin(Number(choose.value), true);
      choose.value = "";
    });
    const turn = element("button", { type: "button", className: "quiet", textContent: "Models as rows" });
    turn.setAttribute("aria-pressed", "false");
    turn.addEventListener("click", () => {
      this.turn();
      turn.setAttribute("aria-pressed", String(Boolean(this.turned)));
    });
    this.pins = element("ul", { className: "pins", ariaLabel: "Pinned models" });
    this.found = element("span", { className: "muted", role: "status" });
    const bar = element("div", { className: "tools" }, element("label", {}, "Find ", find), element("label", {}, "Pin ", choose), turn, this.found);
    this.scroll.before(bar, this.pins);
  }

  // The links of the head and those of the rows are one tab stop each.
  walk(table) {
    roving(() => [...table.tHead.querySelectorAll("a, button")], "ArrowLeft", "ArrowRight");
    roving(() => [...table.querySelectorAll("tbody th a, tbody th button")], "ArrowUp", "ArrowDown");
  }

  pin(i, on) {
    this.pinned = this.pinned.filter((j) => j !== i);
    if (on) this.pinned.push(i);
    this.pins.replaceChildren(
      ...this.pinned.map((j) => {
        const button = element("button", { type: "button", textContent: `${this.names[j]} ×`, ariaLabel: `unpin ${this.names[j]}` });
        button.addEventListener("click", () => this.pin(j, false));
        return element("li", {}, button);
      }),
    );
    this.show();
  }

  matches(i) {
    return this.pinned.includes(i) || this.names[i].toLowerCase().includes(this.word);
  }

  // Pinned models stand first and stay in view; models that are not searched for are hidden.
  show() {
    const order = [...this.pinned, ...this.models.map((_, i) => i).filter((i) => !this.pinned.includes(i))];
    const shown = order.filter((i) => this.matches(i)).length;
    this.found.textContent = shown === this.models.length ? "" : `${number.format(shown)} of ${number.format(this.models.length)} models`;
    this.columns(order);
    if (this.turned) this.rows(order);
  }

  columns(order) {
    this.cells ??= [...this.table.rows].filter((row) => !row.classList.contains("group")).map((row) => ({ row, cells: [...row.cells] }));
    const widths = [];
    for (const { row, cells } of this.cells) {
      row.append(cells[0], ...order.map((i) => cells[1 + i]), ...cells.slice(1 + order.length));
      for (const i of order) {
        cells[1 + i].hidden = !this.matches(i);
        cells[1 + i].classList.toggle("pinned", this.pinned.includes(i));
      }
    }
    let left = this.cells[0].cells[0].offsetWidth;
    for (const i of this.pinned) {
      widths.push([i, left]);
      left += this.cells[0].cells[1 + i].offsetWidth;
    }
    for (const { cells } of this.cells) {
      for (const i of order) cells[1 + i].style.left = "";
      for (const [i, at] of widths) cells[1 + i].style.left = `${at}px`;
    }
  }

  rows(order) {
    const body = this.turned.tBodies[0];
    body.append(...order.map((i) => this.lines[i]), ...this.lines.slice(order.length));
    for (const i of order) {
      this.lines[i].hidden = !this.matches(i);
      this.lines[i].classList.toggle("pinned-row", this.pinned.includes(i));
    }
  }

  turn() {
    if (this.turned) {
      this.turned.replaceWith(this.table);
      this.turned = null;
    } else {
      this.turned = this.transposed();
      this.table.replaceWith(this.turned);
      this.rows([...this.pinned, ...this.models.map((_, i) => i).filter((i) => !this.pinned.includes(i))]);
    }
    this.walk(this.turned ?? this.table);
  }

  transposed() {
    this.columns(this.models.map((_, i) => i)); // the order of the page, which the rows get too
    const made = element("table", { className: "heat map turned" }, this.table.caption.cloneNode(true));
    const groups = element("tr", { className: "groups" }, element("td", {}));
    const head = element("tr", {}, element("th", { scope: "col", className: "corner", textContent: "model" }));
    const tasks = [];
    for (const body of this.table.tBodies) {
      const [title, ...rows] = body.rows;
      groups.append(element("th", { scope: "colgroup", colSpan: rows.length, textContent: title.cells[0].textContent }));
      tasks.push(...rows);
    }
    for (const row of tasks) {
      const link = row.cells[0].querySelector("a");
      const name = element("a", { href: link.href }, element("span", { textContent: link.textContent }));
      head.append(element("th", { scope: "col", className: "name" }, name));
    }
    const heads = [...this.cells[0].cells];
    this.lines = heads.slice(1).map((cell, i) => {
      const label = element("th", { scope: "row" });
      const source = cell.querySelector("a") ?? cell;
      const text = [...source.querySelector("span").childNodes].map((node) => node.cloneNode(true));
      label.append(source.href ? element("a", { href: source.href }, ...text) : element("span", { className: "muted" }, ...text));
      const cells = tasks.map((row) => this.cells.find((c) => c.row === row).cells[1 + i].cloneNode(true));
      for (const copy of cells) {
        copy.hidden = false;
        copy.classList.remove("pinned");
        copy.style.left = "";
      }
      return element("tr", {}, label, ...cells);
    });
    const thead = element("thead", {}, groups, head);
    made.append(thead, element("tbody", {}, ...this.lines));
    sortable(made);
    return made;
  }
}

document.querySelectorAll("table[data-sortable]").forEach(sortable);
document.querySelectorAll("table[data-map]").forEach((table) => new HeatMap(table));
document.querySelectorAll("[data-split]").forEach(splits);
document.querySelectorAll("form[data-filter][data-complete]").forEach(filterable);
document.querySelectorAll("form.picks").forEach((form) => form.querySelector("[data-picked]") && pickable(form));
document.querySelectorAll("form[data-submit]").forEach(submittable);
document.querySelectorAll("[data-origin]").forEach((place) => (place.textContent = location.origin));
if (location.hash) document.querySelector(`details#${CSS.escape(location.hash.slice(1))}`)?.setAttribute("open", "");

// Pages of tasks: lines of all tables are filtered in the page when it has all of them.
function filterLines(form) {
  const apply = () => {
    const filters = Object.fromEntries(new FormData(form));
    const word = (filters.q ?? "").trim().toLowerCase();
    const fits = (row) =>
      row.querySelector("a.model").textContent.toLowerCase().includes(word) &&
      (!filters.framework || row.dataset.framework === filters.framework) &&
      (!filters.badge || row.dataset.badge === filters.badge) &&
      (!filters.internal || row.dataset.external === "0") &&
      (!filters.revised || row.dataset.revised === "1");
    for (const section of document.querySelectorAll("section[data-supervision]")) {
      section.hidden = Boolean(filters.supervision) && section.dataset.supervision !== filters.supervision;
      let [shown, all] = [0, 0];
      for (const row of section.querySelectorAll("table[data-lines] tr.model")) {
        row.hidden = !fits(row);
        shown += !row.hidden;
        all += 1;
      }
      const models = `${number.format(all)} ${all === 1 ? "model" : "models"}`;
      section.querySelector(".found").textContent = shown === all ? models : `${number.format(shown)} of ${models}`;
    }
  };
  for (const kind of ["input", "change"]) form.addEventListener(kind, apply);
  form.addEventListener("submit", (event) => {
    if (form.elements.sort) return;
    event.preventDefault();
    apply();
  });
}

document.querySelectorAll("form[data-filter-lines][data-complete]").forEach(filterLines);
