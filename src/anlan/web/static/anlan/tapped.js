// A place tapped on the map goes into the two fields, and is looked up.
import { mapOf } from "./map.js";

const form = document.querySelector("[data-tapped]");
const map = mapOf(document.querySelector("[data-map]"));
const { lon, lat } = form.elements;

if (lon.value && lat.value && Number.isFinite(Number(lon.value) + Number(lat.value))) {
  map.place(Number(lon.value), Number(lat.value));
}
map.onPlace((east, north) => {
  lon.value = east.toFixed(6);
  lat.value = north.toFixed(6);
  form.requestSubmit();
});
