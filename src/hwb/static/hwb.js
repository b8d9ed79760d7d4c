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

  // Before a session ends for lack of use, the page asks; what other windows of this browser did counts too.
  const kept = document.getElementById("idle");
  if (kept) {
    const idle = kept.content.firstElementChild.cloneNode(true);
    const [soon, over] = [idle.querySelector("[data-idle-soon]"), idle.querySelector("[data-idle-over]")];
    const used = () => { try { localStorage.setItem("used", String(Date.now())); } catch { /* kept for this page alone */ } last = Date.now(); };
    const quiet = () => { try { last = Math.max(last, Number(localStorage.getItem("used"))); } catch { /* likewise */ } return (Date.now() - last) / 1000; };
    let last = 0;
    used();
    const watch = setInterval(() => {
      const left = Number(idle.dataset.warns) - quiet();
      if (left > 0) { if (idle.open) idle.close(); return; }
      if (!idle.isConnected) document.body.append(idle);
      if (!idle.open) idle.showModal();
      if (left + Number(idle.dataset.ends) > 0) return;
      clearInterval(watch);
      soon.hidden = true;
      over.hidden = false;
    }, 5000);
    soon.querySelector("button").addEventListener("click", async () => {
      const answer = await fetch(idle.dataset.stay, { redirect: "manual", cache: "no-store" }).catch(() => null);
      if (answer && answer.status === 204) used();
      else { clearInterval(watch); soon.hidden = true; over.hidden = false; return; }
      idle.close();
    });
    over.querySelector("button").addEventListener("click", () => idle.close());
  }

  // Passkeys: what the server asks stands in the form; the browser's answer goes into the form's hidden field.
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const read = (json) => {
    const options = JSON.parse(json).publicKey;
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const key of options.excludeCredentials || options.allowCredentials || []) key.id = bytes(key.id);
    return { publicKey: options };
  };
  const written = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
  };
  const failed = (form) => {
    const told = form.querySelector("[data-passkey-failed]");
    told.hidden = false;
  };
  for (const form of window.PublicKeyCredential ? document.querySelectorAll("[data-passkey-get]") : []) {
    form.querySelector("[data-passkey-offer]").hidden = false;
    form.querySelector("[data-passkey]").addEventListener("click", async () => {
      try {
        const credential = await navigator.credentials.get(read(form.dataset.passkeyGet));
        form.elements.passkey_again.value = written(credential);
        form.submit();
      } catch { failed(form); }
    });
  }
  for (const form of window.PublicKeyCredential ? document.querySelectorAll("[data-passkey-create]") : []) {
    form.addEventListener("submit", async (event) => {
      // A change of language, a missing name: the server speaks.
      if ((event.submitter && event.submitter.name) || !form.elements.name.value.trim()) return;
      event.preventDefault();
      try {
        const credential = await navigator.credentials.create(read(form.dataset.passkeyCreate));
        form.elements.answer.value = written(credential);
        form.submit();
      } catch { failed(form); }
    });
  }
  // A form that leads on to a service, with a button for where there is no script.
  const onwards = document.querySelector("form[data-sends-itself]");
  if (onwards) onwards.submit();

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
