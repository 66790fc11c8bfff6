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
  const rows = [...table.tBodies[0].rows];
  const values = rows.map((row) => value(row, header.cellIndex));
  const numbers = values.every((v) => typeof v === "number" || v === "");
  const previous = header.getAttribute("aria-sort");
  const down = previous ? previous === "ascending" : numbers && !header.hasAttribute("data-up");
  const empty = (i) => Number(values[i] === "");
  const order = rows
    .map((row, i) => i)
    .sort((i, j) => empty(i) - empty(j) || (down ? -1 : 1) * compare(values[i], values[j]) || i - j);
  for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  table.tBodies[0].append(...order.map((i) => rows[i]));
}

function sortable(table) {
  for (const header of table.tHead.rows[0].cells) {
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

document.querySelectorAll("table[data-sortable]").forEach(sortable);
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
