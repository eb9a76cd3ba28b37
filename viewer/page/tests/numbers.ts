// The engine's numbers, which a test of the engine writes and checks.
import numbers from "../../../tests/fixtures/view_maths.json";
import type { Move } from "../src/description";
import type { Eye, Frame } from "../src/eye";
import type { Place } from "../src/order";

interface Numbers {
  frame: Frame;
  views: { eye: Eye; zoom: number; places: { seen: [number, number]; q: number; place: [number, number] }[] }[];
  moves: { move: Move; reach: number; eyes: Eye[] }[];
  orders: { ids: string[]; rows: { id: string; place: Place; ids: string[] }[] };
}

export default numbers as unknown as Numbers;
