// A map: the borders of areas beneath, points above; and, where it is asked for, a pin that the reader sets.
// `mapOf(element)` gives the map of a <c-map>, so that a page can change it while it lives.
import { bordersOn } from "./map-borders.js";

const maps = new WeakMap();
const CLOSE = 16; // the zoom at which a street corner is told from the next
const NEARER = 3; // zooms that a tap brings the map nearer while it is far
const STEP = 10; // pixels that an arrow key moves the pin; with Shift one

export function mapOf(element) {
  if (!maps.has(element)) maps.set(element, made(element));
  return maps.get(element);
}

function made(element) {
  const { data, ground } = { data: element.dataset, ground: element.querySelector(".map-ground") };
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  ground.hidden = false;
  const map = L.map(ground, {
    attributionControl: false,
    zoomControl: false,
    doubleClickZoom: !data.pick,
    scrollWheelZoom: false,
    zoomAnimation: !still,
    fadeAnimation: !still,
    markerZoomAnimation: !still,
    inertia: !still,
    zoomSnap: 0.5,
    minZoom: 6,
    maxZoom: 18,
  });
  L.control.zoom({ zoomInTitle: data.zoomIn, zoomOutTitle: data.zoomOut }).addTo(map);
  // The wheel belongs to the page until the reader has turned to the map.
  map.on("focus", () => map.scrollWheelZoom.enable());
  map.on("blur", () => map.scrollWheelZoom.disable());
  if (data.tiles) L.tileLayer(data.tiles).addTo(map);
  element.querySelector(".map-source").hidden = false;

  const borders = bordersOn(map, data.layer, data.within, () => {
    element.querySelector("[data-schematic]").hidden = false;
  });
  const points = pointsOn(map, element.querySelector("[data-map-points]"));
  points.set(JSON.parse(data.points));
  const pin = data.pick ? pinOn(map, ground, data.pick) : null;
  frame(map, ground, () => view(map, borders, points, pin, data.area));

  return {
    setPoints: points.set,
    select: points.select,
    onPick: points.onPick,
    onDrop: points.onDrop,
    place: (lon, lat) => pin?.place(L.latLng(lat, lon), { near: true }),
    onPlace: (callback) => pin?.onPlace(callback),
    clear: () => pin?.clear(),
    show: async (path) => fit(map, await borders.reveal(path)),
    leaflet: map,
  };
}

// Where to look first: at the pin, at the area pointed out with its points, or at the whole.
async function view(map, borders, points, pin, path) {
  const whole = await borders.reveal(path);
  if (pin?.set()) return;
  fit(map, whole.extend(points.bounds()));
}

function fit(map, bounds) {
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [12, 12], maxZoom: CLOSE, animate: false });
}

// A map in a closed tab has no size: it is framed when it first has one.
function frame(map, ground, first) {
  let framed = false;
  new ResizeObserver(() => {
    if (!ground.clientWidth) return;
    map.invalidateSize({ pan: false });
    if (!framed) first();
    framed = true;
  }).observe(ground);
}

function pointsOn(map, list) {
  const shown = new Map(); // id → { point, marker, button }
  const picked = [];
  let chosen = null;

  function set(points) {
    const wanted = new Set(points.map((point) => point.id));
    for (const [id, { marker }] of shown) {
      if (!wanted.has(id)) {
        marker.remove();
        shown.delete(id);
      }
    }
    for (const point of points) {
      const there = shown.get(point.id);
      // What stays is changed in place, so that it keeps the focus.
      if (there && Boolean(there.point.href) === Boolean(point.href)) {
        there.marker.setLatLng([point.lat, point.lon]);
        there.point = point;
        dress(there.button, point);
      } else {
        there?.marker.remove();
        shown.set(point.id, added(point));
      }
    }
    list?.replaceChildren(...points.map(line));
    mark();
  }

  function added(point) {
    // What has no name is only to be seen, as on the wall.
    const button = document.createElement(point.href ? "a" : point.label ? "button" : "span");
    if (button.type === "submit") button.type = "button";
    button.draggable = false;
    button.dataset.point = point.id;
    dress(button, point);
    L.DomEvent.disableClickPropagation(button);
    button.addEventListener("click", (event) => pick(point.id, event));
    button.addEventListener("focus", () => map.panInside([shown.get(point.id).point.lat, shown.get(point.id).point.lon], { padding: [40, 40] }));
    const icon = L.divIcon({ html: button, className: "map-mark", iconSize: null });
    const marker = L.marker([point.lat, point.lon], { icon, keyboard: false, interactive: false }).addTo(map);
    return { point, marker, button };
  }

  function pick(id, event) {
    if (!picked.length) return;
    event.preventDefault();
    picked.forEach((callback) => callback(id));
  }

  function line(point) {
    const item = document.createElement("li");
    const sign = document.createElement("span");
    sign.className = `mark ${point.shape ?? ""} ${point.tone ?? ""}`;
    sign.ariaHidden = "true";
    const words = document.createElement(point.href ? "a" : "span");
    if (point.href) words.href = point.href;
    words.textContent = point.label;
    words.addEventListener("click", (event) => pick(point.id, event));
    item.append(sign, " ", words);
    return item;
  }

  function mark() {
    for (const [id, { point, marker, button }] of shown) {
      button.toggleAttribute("aria-current", id === chosen);
      // A matter waits for somebody; it lies above the units, and the chosen one above all.
      marker.setZIndexOffset(id === chosen ? 20_000 : point.shape === "unit" ? 0 : 10_000);
    }
  }

  function select(id) {
    chosen = id;
    mark();
    const there = shown.get(id);
    if (there) map.panInside(there.marker.getLatLng(), { padding: [40, 40] });
  }

  // Something dragged onto a point, as a matter onto a unit: `callback(id, event)`.
  function onDrop(callback) {
    const target = (event) => event.target.closest?.("[data-point]");
    map.getContainer().addEventListener("dragover", (event) => target(event) && event.preventDefault());
    map.getContainer().addEventListener("drop", (event) => {
      const button = target(event);
      if (!button) return;
      event.preventDefault();
      callback(button.dataset.point, event);
    });
  }

  const bounds = () => L.latLngBounds([...shown.values()].map(({ marker }) => marker.getLatLng()));
  return { set, select, onDrop, onPick: (callback) => picked.push(callback), bounds };
}

function dress(button, point) {
  button.className = `mark ${point.shape ?? ""} ${point.tone ?? ""}`;
  if (point.href) button.href = point.href;
  if (!point.label) return;
  button.title = point.label;
  button.ariaLabel = point.label;
}

function pinOn(map, ground, label) {
  const told = [];
  let marker = null;

  function place(where, { near = false, tell = false } = {}) {
    if (marker) marker.setLatLng(where);
    else marker = added(where);
    if (near) map.setView(where, Math.max(map.getZoom() ?? 0, CLOSE));
    else map.panInside(where, { padding: [40, 40] });
    if (tell) say();
  }

  function added(where) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "pin";
    button.ariaLabel = label;
    button.addEventListener("keydown", move);
    const icon = L.divIcon({ html: button, className: "map-mark", iconSize: null });
    const added = L.marker(where, { icon, draggable: true, autoPan: true, keyboard: false, zIndexOffset: 30_000 });
    return added.on("dragend", say).addTo(map);
  }

  function move(event) {
    const step = event.shiftKey ? 1 : STEP;
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const from = map.latLngToContainerPoint(marker.getLatLng());
    place(map.containerPointToLatLng(from.add(way)), { tell: true });
  }

  function say() {
    const { lng, lat } = marker.getLatLng().wrap();
    told.forEach((callback) => callback(lng, lat));
  }

  // Whoever taps a whole city comes nearer, so that the next tap is finer.
  map.on("click", ({ latlng }) => {
    place(latlng, { tell: true });
    if (map.getZoom() < CLOSE) map.setView(latlng, Math.min(map.getZoom() + NEARER, CLOSE));
  });
  ground.addEventListener("keydown", (event) => {
    if (event.target !== ground || event.key !== "Enter") return;
    event.preventDefault(); // else the form would be sent
    place(map.getCenter(), { tell: true });
  });
  const clear = () => (marker = marker?.remove() && null);
  return { place, clear, set: () => marker !== null, onPlace: (callback) => told.push(callback) };
}

if (window.L) document.querySelectorAll("[data-map]").forEach(mapOf);
