"use strict";
// Sorts tables: each heading becomes a button. Without scripts the tables are as the report sorted them.
(function () {
  const spoken = document.getElementById("spoken");
  const compare = new Intl.Collator("en", { sensitivity: "base" }).compare;

  function valueOf(row, column, isNumber) {
    const cell = row.cells[column];
    return isNumber ? Number(cell.dataset.value) : cell.textContent;
  }

  function sort(table, heading, column) {
    const isNumber = heading.classList.contains("number");
    const before = heading.getAttribute("aria-sort");
    const descends = before ? before === "ascending" : isNumber;
    const rows = Array.from(table.tBodies[0].rows);
    rows.sort(function (a, b) {
      const left = valueOf(a, column, isNumber), right = valueOf(b, column, isNumber);
      const order = isNumber ? left - right : compare(left, right);
      return descends ? -order : order;
    });
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descends ? "descending" : "ascending");
    table.tBodies[0].append(...rows);
    spoken.textContent = "Sorted by " + heading.textContent + (descends ? ", descending" : ", ascending");
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    Array.from(table.tHead.rows[0].cells).forEach(function (heading, column) {
      if (heading.classList.contains("plain")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.addEventListener("click", function () { sort(table, heading, column); });
      heading.replaceChildren(button);
    });
  }
})();
