// The grid map: a drawing that can be changed corner by corner. What grids share they share corner by corner, so a
// corner moves in all of them. Nothing is decided here: the server checks whatever is sent.
import { mapOf } from "./map.js";

const SNAP = 12; // pixels within which a corner falls onto another one
const STEP = 8; // pixels that an arrow key moves a corner; with Shift one
const MOST_STEPS = 100;

const root = document.querySelector("[data-grid-map]");
if (root && window.L) start(root);

function start(root) {
  const told = JSON.parse(root.dataset.gridMap);
  const map = mapOf(root.querySelector("[data-map]")).leaflet;
  const said = root.querySelector("[data-said]");
  const tools = root.querySelector("[data-tools]");
  const form = root.querySelector("[data-send]");
  tools.hidden = false;

  const layers = { grids: L.layerGroup().addTo(map), before: L.layerGroup(), faults: L.layerGroup().addTo(map) };
  const corners = L.layerGroup().addTo(map);
  const sketch = L.layerGroup().addTo(map);
  const turned = (ring) => ring.map(([lon, lat]) => [lat, lon]);
  const shape = (ring, className, more = {}) => L.polygon(turned(ring), { className, smoothFactor: 0, ...more });

  if (told.outline.length) shape(told.outline, "grid-outline", { interactive: false }).addTo(map);
  told.before.forEach(({ ring, name }) => shape(ring, "grid-before").bindTooltip(text(name)).addTo(layers.before));
  told.faults.forEach(({ rings, words, stops }) =>
    rings.forEach((ring) => shape(ring, `grid-fault ${stops ? "stops" : ""}`).bindTooltip(text(words)).addTo(layers.faults)));
  tools.querySelectorAll("[data-layer]").forEach((box) => {
    box.addEventListener("change", () => (box.checked ? layers[box.dataset.layer].addTo(map) : layers[box.dataset.layer].remove()));
  });

  let rings = new Map(told.grids.map(({ key, ring }) => [key, ring]));
  const names = new Map(told.grids.map(({ key, name }) => [key, name]));
  const [past, future] = [[], []];
  let chosen = "";
  let mode = ""; // "split" or "draw" while points are set
  let points = [];

  // A tooltip is told as an element: what people have typed is never read as HTML.
  function text(words) {
    const line = document.createElement("span");
    line.textContent = words;
    return line;
  }

  const narrow = matchMedia("(max-width: 43rem)");
  const editing = () => told.editable && !narrow.matches;
  const choose = tools.querySelector("[data-choose]");
  const act = (name) => tools.querySelector(`[data-do="${name}"]`);
  const same = (one, other) => one[0] === other[0] && one[1] === other[1];
  const rounded = ({ lng, lat }) => [Number(lng.toFixed(7)), Number(lat.toFixed(7))];
  const pixel = ([lon, lat]) => map.latLngToContainerPoint([lat, lon]);

  function show() {
    layers.grids.clearLayers();
    for (const [key, ring] of rings) {
      const polygon = shape(ring, `grid-drawn${key === chosen ? " chosen" : ""}`);
      polygon.on("click", (event) => {
        if (mode || !told.editable) return;
        L.DomEvent.stopPropagation(event);
        select(key);
      });
      polygon.addTo(layers.grids);
      const icon = L.divIcon({ html: text(names.get(key)), className: "grid-name", iconSize: null });
      L.marker(polygon.getBounds().getCenter(), { icon, interactive: false, keyboard: false }).addTo(layers.grids);
    }
    handles();
    if (!told.editable) return;
    act("undo").disabled = !past.length;
    act("redo").disabled = !future.length;
    act("save").disabled = !past.length;
  }

  function select(key) {
    chosen = key;
    choose.value = key;
    show();
    if (key) said.textContent = `${root.dataset.chosen} ${names.get(key)}`;
  }

  // The corners of the chosen grid, and a mark between each two where one can be added.
  function handles(focused = null) {
    corners.clearLayers();
    if (!editing() || !chosen || mode) return;
    const ring = rings.get(chosen);
    ring.forEach((corner, at) => {
      const next = ring[(at + 1) % ring.length];
      handle(corner, `${root.dataset.vertex} ${at + 1}`, "", (button, marker) => held(button, marker, corner));
      const between = [(corner[0] + next[0]) / 2, (corner[1] + next[1]) / 2].map((n) => Number(n.toFixed(7)));
      handle(between, `${root.dataset.between} (${at + 1})`, "between", (button) =>
        button.addEventListener("click", () => add(corner, next, between)));
    });
    if (focused) corners.eachLayer((marker) => same(rounded(marker.getLatLng()), focused) && marker.getElement().querySelector("button").focus());
  }

  function handle([lon, lat], label, className, dress) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = className;
    button.ariaLabel = label;
    L.DomEvent.disableClickPropagation(button);
    const icon = L.divIcon({ html: button, className: "grid-corner", iconSize: null });
    const draggable = className !== "between";
    const marker = L.marker([lat, lon], { icon, draggable, keyboard: false, zIndexOffset: draggable ? 20_000 : 10_000 });
    marker.addTo(corners);
    dress(button, marker);
  }

  function held(button, marker, corner) {
    marker.on("dragend", () => move(corner, snapped(marker.getLatLng(), corner)));
    button.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 1 : STEP;
      const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (!way && event.key !== "Delete") return;
      event.preventDefault();
      event.stopPropagation();
      if (way) move(corner, rounded(map.containerPointToLatLng(pixel(corner).add(way))));
      else takeOut(corner);
    });
  }

  // The nearest corner of another place, if one is near enough.
  function snapped(where, own) {
    const there = map.latLngToContainerPoint(where);
    const all = [...[...rings.values()].flat(), ...told.outline].filter((corner) => !same(corner, own));
    const near = all.map((corner) => [pixel(corner).distanceTo(there), corner]).filter(([far]) => far <= SNAP);
    return near.length ? near.sort(([a], [b]) => a - b)[0][1] : rounded(where);
  }

  function change(next, focused = null) {
    past.push(rings);
    if (past.length > MOST_STEPS) past.shift();
    future.length = 0;
    rings = next;
    show();
    handles(focused);
    said.textContent = root.dataset.moved;
  }

  const eachRing = (turn) => new Map([...rings].map(([key, ring]) => [key, turn(ring)]));
  const move = (from, to) => change(eachRing((ring) => ring.map((corner) => (same(corner, from) ? to : corner))), to);

  function takeOut(gone) {
    if ([...rings.values()].some((ring) => ring.length < 4 && ring.some((corner) => same(corner, gone)))) return;
    change(eachRing((ring) => ring.filter((corner) => !same(corner, gone))));
  }

  // Into every ring that has this edge, whichever way round.
  function add(start, end, between) {
    change(eachRing((ring) => ring.flatMap((corner, at) => {
      const next = ring[(at + 1) % ring.length];
      const edge = (same(corner, start) && same(next, end)) || (same(corner, end) && same(next, start));
      return edge ? [corner, between] : [corner];
    })), between);
  }

  function step(from, to) {
    if (!from.length) return;
    to.push(rings);
    rings = from.pop();
    show();
  }

  function begin(what) {
    if (what === "split" && !chosen) {
      said.textContent = root.dataset.nothing;
      choose.focus();
      return;
    }
    [mode, points] = [what, []];
    drawn();
    map.getContainer().focus();
  }

  function drawn() {
    sketch.clearLayers();
    const where = turned(points);
    if (where.length) L.polyline(where, { className: "grid-line", interactive: false }).addTo(sketch);
    where.forEach((point) => L.circleMarker(point, { radius: 5, className: "grid-line", interactive: false }).addTo(sketch));
    for (const name of ["finish", "cancel"]) act(name).hidden = !mode;
    for (const name of ["split", "draw"]) act(name).hidden = Boolean(mode);
    if (mode) said.textContent = `${root.dataset.points} ${points.length}`;
    handles();
  }

  function point(where) {
    points.push(snapped(where, [NaN, NaN]));
    drawn();
  }

  const asLines = (list) => list.map((corner) => corner.join(", ")).join("\n");

  function send(values) {
    leaving = true;
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
    form.requestSubmit();
  }

  function finish() {
    if (mode === "split") send({ act: "split", grid: chosen, line: asLines(points) });
    else send({ act: "draw", ring: asLines(points) });
  }

  function cancel() {
    mode = "";
    points = [];
    drawn();
    said.textContent = "";
  }

  let leaving = false;
  // Framed here as well: the base map may know nothing of this community yet.
  const all = L.latLngBounds(turned([...told.outline, ...[...rings.values()].flat()]));
  if (all.isValid()) map.fitBounds(all, { padding: [12, 12], animate: false });
  show();
  if (!told.editable) return;

  const doing = {
    undo: () => (mode ? (points.pop(), drawn()) : step(past, future)),
    redo: () => step(future, past),
    save: () => send({ act: "rings", rings: JSON.stringify(Object.fromEntries(rings)) }),
    split: () => begin("split"),
    draw: () => begin("draw"),
    finish,
    cancel,
  };
  tools.addEventListener("click", ({ target }) => doing[target.closest("[data-do]")?.dataset.do]?.());
  choose.addEventListener("change", () => select(choose.value));
  narrow.addEventListener("change", show);
  map.on("click", ({ latlng }) => mode && point(latlng));
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.target !== map.getContainer()) return;
    if (mode && event.key === "Enter") point(map.getCenter());
    else if (mode && event.key === "Escape") cancel();
    else return;
    event.preventDefault();
  });
  root.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return;
    event.preventDefault();
    doing[key === "y" || event.shiftKey ? "redo" : "undo"]();
  });
  window.addEventListener("beforeunload", (event) => past.length && !leaving && event.preventDefault());
}
