// The camera of the badge page: asked for only after a press, its picture never leaves the device.
(() => {
  "use strict";
  const own = document.currentScript;
  const button = document.querySelector("[data-camera]");
  if (!button || !navigator.mediaDevices) return;
  const form = document.getElementById("form");
  const box = document.querySelector(".hwb-camera");
  const video = box.querySelector("video");
  const none = document.querySelector("[data-no-camera]");
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  button.hidden = false;

  const reader = () => new Promise((done, failed) => {
    if (window.jsQR) { done(); return; }
    const script = document.createElement("script");
    script.src = button.dataset.reader;
    script.nonce = own.nonce;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
  const stop = () => { for (const track of video.srcObject ? video.srcObject.getTracks() : []) track.stop(); };
  const look = () => {
    if (video.readyState === video.HAVE_ENOUGH_DATA) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      pen.drawImage(video, 0, 0);
      const seen = pen.getImageData(0, 0, canvas.width, canvas.height);
      const found = window.jsQR(seen.data, seen.width, seen.height, { inversionAttempts: "dontInvert" });
      if (found && found.data) {
        stop();
        form.elements.code.value = found.data;
        form.submit();
        return;
      }
    }
    window.setTimeout(look, 150);
  };
  button.addEventListener("click", async () => {
    button.hidden = true;
    try {
      await reader();
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" }, audio: false });
      box.hidden = false;
      await video.play();
      look();
    } catch {
      box.hidden = true;
      none.hidden = false;
      form.elements.code.focus();
    }
  });
  window.addEventListener("pagehide", stop);
})();
