// The badge page. The camera is asked for only after a press, and its picture never leaves the device.
(() => {
  "use strict";
  const own = document.currentScript;
  const LARGEST = 640; // points across: a badge in front of the camera is larger than it needs to be
  const button = document.querySelector("[data-camera]");
  const form = document.getElementById("form");
  // A hand scanner types into the field that has the focus.
  if (!document.querySelector("[data-focus]")) form.elements.code.focus({ preventScroll: true });
  if (!button || !navigator.mediaDevices) return;
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
      const size = Math.min(1, LARGEST / video.videoWidth);
      canvas.width = video.videoWidth * size;
      canvas.height = video.videoHeight * size;
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
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
