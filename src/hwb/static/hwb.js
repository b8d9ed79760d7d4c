// Comfort only: every page works without this file.
(() => {
  "use strict";
  // After an error or a success, focus goes to what says so.
  const told = document.querySelector("[data-focus]");
  if (told) told.focus();

  for (const button of document.querySelectorAll(".hwb-password__toggle")) {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.textContent = shown ? button.dataset.show : button.dataset.hide;
      button.setAttribute("aria-label", shown ? button.dataset.showLabel : button.dataset.hideLabel);
    });
    if (input.form) input.form.addEventListener("submit", () => { input.type = "password"; });
  }

  // <input type="checkbox" data-selects="account"> chooses all boxes of that name in its form.
  for (const all of document.querySelectorAll("[data-selects]")) {
    const boxes = [...all.form.querySelectorAll(`input[name="${all.dataset.selects}"]`)];
    all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
    for (const box of boxes) box.addEventListener("change", () => { all.checked = boxes.every((one) => one.checked); });
  }

  // A form that leads on to a service, with a button for where there is no script.
  const onwards = document.querySelector("form[data-sends-itself]");
  if (onwards) onwards.submit();

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
