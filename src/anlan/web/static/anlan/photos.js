// A photo as it leaves the phone: its longer side no longer than it needs to be, and without what the camera wrote.
const QUALITY = 0.85;

// { name, blob }, or null where it is no picture that can be shown.
export async function shrunk(file, longest) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return blob && { name: `${file.name.replace(/\.[^.]*$/, "") || "photo"}.jpg`, blob };
}
