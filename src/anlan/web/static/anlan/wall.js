// The wall follows what happens; without a stream it reloads each minute by itself.
import { listen } from "./live.js";

const PAUSE = 5000; // a busy minute is not a flickering wall
let waiting = null;
listen(() => (waiting ??= setTimeout(() => location.reload(), PAUSE)));
