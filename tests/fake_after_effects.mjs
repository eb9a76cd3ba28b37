// Runs a script for After Effects against a small model of its objects, then looks through the camera it made.
// Usage: node fake_after_effects.mjs SCRIPT DOCUMENT, where DOCUMENT is JSON: {width, height, tree, times, sliders}
// with tree a list of {name, left, top, width, height, blend} or {name, tree}, from the top of the stack down.
// Prints JSON: the composition, its layers from the top down, and for each time the corners of each layer on screen.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import vm from "node:vm";

const [script, documentPath] = process.argv.slice(2);
const given = JSON.parse(readFileSync(documentPath, "utf8"));
const alerts = [];
let undo = 0;

class Property {
  constructor(layer, value) {
    this.layer = layer;
    this.own = value;
    this.expression = "";
  }
  setValue(value) {
    const wide = (each) => (Array.isArray(each) ? each.length : 0);
    if (wide(value) !== wide(this.own) && !(wide(value) >= 2 && wide(this.own) >= 2)) {
      throw new Error(`a value of ${wide(this.own)} dimensions cannot be ${JSON.stringify(value)}`);
    }
    if (![].concat(value).every(Number.isFinite)) throw new Error(`not a number: ${JSON.stringify(value)}`);
    this.own = value;
  }
  valueAt(time) {
    if (!this.expression) return this.own;
    const thisComp = {
      layer: (name) => {
        const found = this.layer.comp.stack.find((each) => each.name === name);
        if (!found) throw new Error(`no layer ${name}`);
        return {
          effect: (word) => (index) => ({ value: found.effects.find((each) => each.name === word).property(index).own }),
        };
      },
    };
    // An expression's value is that of its last statement, as eval gives it.
    const context = vm.createContext({ thisComp, time, value: this.own, Math });
    return [...[].concat(vm.runInContext(this.expression, context))];
  }
  get value() {
    return this.valueAt(0);
  }
}

class Effect {
  constructor(layer) {
    this.name = "Slider Control";
    this.slider = new Property(layer, 0);
  }
  property(index) {
    if (index !== 1) throw new Error(`a slider has no property ${index}`);
    return this.slider;
  }
}

class AVLayer {
  constructor(comp, name, source) {
    Object.assign(this, { comp, name, source, parent: null, label: 0, comment: "", blendingMode: 5212, effects: [] });
    this.threeDLayer = false;
    this.hasVideo = true;
    const width = source ? source.width : 100;
    const height = source ? source.height : 100;
    this.transform = {
      anchorPoint: new Property(this, [width / 2, height / 2, 0]),
      position: new Property(this, [comp.width / 2, comp.height / 2, 0]),
      scale: new Property(this, [100, 100, 100]),
      opacity: new Property(this, 100),
    };
  }
  property(name) {
    if (name !== "ADBE Effect Parade") throw new Error(`no property ${name}`);
    return {
      addProperty: (kind) => {
        if (kind !== "ADBE Slider Control") throw new Error(`no effect ${kind}`);
        this.effects.push(new Effect(this));
        return this.effects.at(-1);
      },
    };
  }
}

class CameraLayer {
  constructor(comp, name, centre) {
    Object.assign(this, { comp, name, parent: null });
    this.lens = {
      "ADBE Camera Zoom": new Property(this, 1000),
      "ADBE Camera Depth of Field": new Property(this, 1),
      "ADBE Camera Focus Distance": new Property(this, 1000),
    };
    this.transform = {
      position: new Property(this, [...centre, -1000]),
      pointOfInterest: new Property(this, [...centre, 0]),
    };
  }
  property(name) {
    if (name !== "ADBE Camera Options Group") throw new Error(`no property ${name}`);
    return { property: (word) => this.lens[word] };
  }
}

class FootageItem {
  constructor(name, width, height) {
    Object.assign(this, { name, width, height });
  }
}

class CompItem {
  constructor(name, width, height, duration) {
    Object.assign(this, { name, width, height, duration, stack: [] });
    this.layers = {
      add: (source) => this.#put(new AVLayer(this, source.name, source)),
      addNull: () => this.#put(new AVLayer(this, "Null 1", null)),
      addCamera: (name, centre) => this.#put(new CameraLayer(this, name, centre)),
    };
  }
  #put(layer) {
    this.stack.unshift(layer);
    return layer;
  }
  get numLayers() {
    return this.stack.length;
  }
  layer(index) {
    if (!(index >= 1 && index <= this.stack.length)) throw new Error(`no layer ${index}`);
    return this.stack[index - 1];
  }
  openInViewer() {}
}

// As After Effects imports a .psd with layer sizes kept: groups become compositions of the document's size.
function imported(name, tree) {
  const comp = new CompItem(name, given.width, given.height, 10);
  for (const each of tree.slice().reverse()) {
    const source = each.tree ? imported(each.name, each.tree) : new FootageItem(each.name, each.width, each.height);
    const layer = comp.layers.add(source);
    layer.name = each.name;
    if (each.tree) continue;
    layer.blendingMode = each.blend;
    layer.transform.position.setValue([each.left + each.width / 2, each.top + each.height / 2]);
  }
  return comp;
}

class File {
  constructor(path) {
    this.fsName = resolve(decodeURI(path));
    this.name = encodeURI(basename(this.fsName));
    this.exists = existsSync(this.fsName);
  }
  get parent() {
    return { fsName: dirname(this.fsName) };
  }
  static openDialog() {
    return null;
  }
}

const made = [];
const context = {
  $: { fileName: encodeURI(script) },
  File,
  AVLayer,
  CompItem,
  ImportAsType: { COMP_CROPPED_LAYERS: 7 },
  ImportOptions: class {
    constructor(file) {
      this.file = file;
    }
    canImportAs() {
      return true;
    }
  },
  alert: (words) => alerts.push(words),
  app: {
    project: null,
    newProject() {
      this.project = {
        bitsPerChannel: 8,
        importFile: (options) => {
          if (!options.file.exists || options.importAs !== 7) throw new Error("cannot import");
          return imported(options.file.name, given.tree);
        },
        items: {
          addComp: (name, width, height, aspect, duration) => {
            if (aspect !== 1 || Math.max(width, height) > 30000) throw new Error("bad composition");
            made.push(new CompItem(name, width, height, duration));
            return made.at(-1);
          },
        },
      };
    },
    beginUndoGroup: () => (undo += 1),
    endUndoGroup: () => (undo -= 1),
  },
};
vm.runInNewContext(readFileSync(script, "utf8"), context);
if (undo !== 0) throw new Error("an undo group was left open");

const minus = (a, b) => a.map((each, k) => each - b[k]);
const dot = (a, b) => a.reduce((sum, each, k) => sum + each * b[k], 0);
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = (a) => a.map((each) => each / Math.hypot(...a));

// Where a point of the layer's parent stands in the world: our null neither turns nor scales.
function inWorld(layer, point) {
  if (!layer.parent) return point;
  const { position, anchorPoint } = layer.parent.transform;
  return minus(point, anchorPoint.value).map((each, k) => each + position.value[k]);
}

function cornersOnScreen(comp, camera, layer, time) {
  const eye = inWorld(camera, camera.transform.position.valueAt(time));
  const ahead = unit(minus(inWorld(camera, camera.transform.pointOfInterest.valueAt(time)), eye));
  const right = unit(cross([0, 1, 0], ahead));
  const down = cross(ahead, right);
  const zoom = camera.lens["ADBE Camera Zoom"].own;
  const [ax, ay] = layer.transform.anchorPoint.own;
  const place = layer.transform.position.valueAt(time);
  const scale = layer.transform.scale.valueAt(time);
  const { width, height } = layer.source;
  return [[0, 0], [width, 0], [width, height], [0, height]].map(([x, y]) => {
    const point = [place[0] + ((x - ax) * scale[0]) / 100, place[1] + ((y - ay) * scale[1]) / 100, place[2]];
    const way = minus(point, eye);
    const share = zoom / dot(way, ahead);
    return [comp.width / 2 + dot(way, right) * share, comp.height / 2 + dot(way, down) * share];
  });
}

const [comp] = made;
let report = { alerts };
if (comp) {
  const camera = comp.stack.find((each) => each instanceof CameraLayer);
  const controls = comp.stack.find((each) => each.effects?.length);
  for (const [name, value] of Object.entries(given.sliders ?? {})) {
    controls.effects.find((each) => each.name === name).slider.setValue(value);
  }
  const shown = comp.stack.filter((each) => each.source);
  report = {
    alerts,
    comp: { name: comp.name, width: comp.width, height: comp.height, duration: comp.duration },
    bits: context.app.project.bitsPerChannel,
    sliders: controls.effects.map((each) => each.name),
    layers: shown.map((each) => ({
      name: each.name,
      id: each.comment,
      blend: each.blendingMode,
      label: each.label,
      threeD: each.threeDLayer,
      z: each.transform.position.value[2],
      at: given.times.map((time) => cornersOnScreen(comp, camera, each, time)),
    })),
  };
}
console.log(JSON.stringify(report));
