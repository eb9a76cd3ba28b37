(function () {
    "use strict";

    var SCENE = {}; // filled in by multiplane

    var COMP_WIDTH = SCENE.width; // a smaller number makes a smaller composition of the same view
    var CONTROLS = "multiplane controls";
    var LABELS = { foreground: 11, midground: 2, background: 8 }; // orange, yellow, blue

    function findPicture() {
        var script = new File($.fileName);
        var stem = String(script.name).replace(/\.[^.]*$/, "");
        var beside = [".psd", ".psb"];
        for (var i = 0; i < beside.length; i++) {
            var file = new File(script.parent.fsName + "/" + decodeURI(stem) + beside[i]);
            if (file.exists) {
                return file;
            }
        }
        return File.openDialog("Where is the layered .psd of " + SCENE.photo + "?");
    }

    function importPicture(file) {
        var options = new ImportOptions(file);
        if (!options.canImportAs(ImportAsType.COMP_CROPPED_LAYERS)) {
            throw new Error("After Effects cannot import " + file.name + " as a composition");
        }
        options.importAs = ImportAsType.COMP_CROPPED_LAYERS;
        return app.project.importFile(options);
    }

    // All pictures in a composition and in those nested in it, from the lowest up, with their middle on the canvas.
    function collect(comp, left, top, found) {
        for (var i = comp.numLayers; i >= 1; i--) {
            var layer = comp.layer(i);
            if (!(layer instanceof AVLayer) || !layer.source) {
                continue;
            }
            var place = layer.transform.position.value;
            var anchor = layer.transform.anchorPoint.value;
            var x = left + place[0] - anchor[0];
            var y = top + place[1] - anchor[1];
            if (layer.source instanceof CompItem) {
                collect(layer.source, x, y, found);
            } else {
                found.push({ layer: layer, x: x + layer.source.width / 2, y: y + layer.source.height / 2 });
            }
        }
        return found;
    }

    // Each of our layers with its picture: by name, else in order where there are as many.
    function matched(found) {
        var byName = {};
        var complete = true;
        for (var i = 0; i < found.length; i++) {
            byName["=" + found[i].layer.name] = found[i];
        }
        var pairs = [];
        for (var k = 0; k < SCENE.layers.length; k++) {
            var picture = byName["=" + SCENE.layers[k].name];
            complete = complete && picture !== undefined;
            pairs.push(picture);
        }
        if (complete) {
            return pairs;
        }
        if (found.length === SCENE.layers.length) {
            return found;
        }
        throw new Error(
            "the .psd has " + found.length + " layers, this script knows " + SCENE.layers.length +
            " and not all by name; export both again from one scene"
        );
    }

    function slider(layer, name, value) {
        var effect = layer.property("ADBE Effect Parade").addProperty("ADBE Slider Control");
        effect.name = name;
        effect.property(1).setValue(value);
    }

    function reading(name) {
        return 'thisComp.layer("' + CONTROLS + '").effect("' + name + '")(1).value';
    }

    // Nearer and farther by the slider, seen from the front always the same: r is the layer's depth over the reference.
    function ratio(facts) {
        return "var r = 1 + " + (facts.ratio - 1) + " * " + reading("Depth %") + " / 100;\n";
    }

    function place(comp, picture, facts, shrink, zoom) {
        var layer = comp.layers.add(picture.layer.source);
        var cx = comp.width / 2;
        var cy = comp.height / 2;
        var dx = picture.x * shrink - cx;
        var dy = picture.y * shrink - cy;
        var r = facts.ratio;
        layer.name = picture.layer.name;
        layer.comment = facts.id;
        layer.label = LABELS[facts.plane];
        layer.blendingMode = picture.layer.blendingMode;
        layer.threeDLayer = true;
        layer.transform.opacity.setValue(picture.layer.transform.opacity.value);
        layer.transform.anchorPoint.setValue([layer.source.width / 2, layer.source.height / 2, 0]);
        layer.transform.position.setValue([cx + dx * r, cy + dy * r, zoom * (r - 1)]);
        layer.transform.scale.setValue([100 * shrink * r, 100 * shrink * r, 100]);
        return function () {
            layer.transform.position.expression =
                ratio(facts) + "[" + cx + " + " + dx + " * r, " + cy + " + " + dy + " * r, " + zoom + " * (r - 1)]";
            layer.transform.scale.expression = ratio(facts) + "[" + 100 * shrink + " * r, " + 100 * shrink + " * r, 100]";
        };
    }

    function addControls(comp) {
        var controls = comp.layers.addNull(comp.duration);
        controls.name = CONTROLS;
        controls.threeDLayer = true;
        controls.transform.anchorPoint.setValue([0, 0, 0]);
        controls.transform.position.setValue([comp.width / 2, comp.height / 2, 0]);
        slider(controls, "Depth %", 100);
        slider(controls, "Sway", SCENE.sway * comp.width);
        slider(controls, "Rise", SCENE.rise * comp.width);
        slider(controls, "Dolly", SCENE.dolly * comp.width);
        slider(controls, "Loop seconds", SCENE.seconds);
        return controls;
    }

    // The camera hangs on the null: move or turn that to move or turn the rig. It keeps looking at the focus.
    function addCamera(comp, controls, zoom) {
        var camera = comp.layers.addCamera("multiplane camera", [comp.width / 2, comp.height / 2]);
        var lens = camera.property("ADBE Camera Options Group");
        var depth = zoom * (SCENE.focus - 1);
        camera.parent = controls;
        lens.property("ADBE Camera Zoom").setValue(zoom);
        lens.property("ADBE Camera Depth of Field").setValue(0);
        lens.property("ADBE Camera Focus Distance").setValue(zoom + depth);
        camera.transform.position.setValue([0, 0, -zoom]);
        camera.transform.pointOfInterest.setValue([0, 0, depth]);
        camera.transform.pointOfInterest.expression = "[0, 0, " + depth + " * " + reading("Depth %") + " / 100]";
        camera.transform.position.expression =
            "var t = 2 * Math.PI * time / Math.max(0.1, " + reading("Loop seconds") + ");\n" +
            "var away = 1 - Math.cos(t);\n" +
            "[value[0] + " + reading("Sway") + " * Math.sin(t) * away / 1.299038, " +
            "value[1] - " + reading("Rise") + " * away / 2, " +
            "value[2] + " + reading("Dolly") + " * away / 2]";
    }

    function build() {
        if (!app.project) {
            app.newProject();
        }
        var file = findPicture();
        if (!file) {
            return;
        }
        var pictures = matched(collect(importPicture(file), 0, 0, []));
        var shrink = COMP_WIDTH / SCENE.width;
        var height = Math.round(SCENE.height * shrink);
        var comp = app.project.items.addComp(SCENE.photo + " in depth", COMP_WIDTH, height, 1, SCENE.seconds, SCENE.fps);
        var zoom = SCENE.focal * shrink;
        var link = [];
        for (var i = 0; i < SCENE.layers.length; i++) {
            link.push(place(comp, pictures[i], SCENE.layers[i], shrink, zoom));
        }
        addCamera(comp, addControls(comp), zoom);
        for (var k = 0; k < link.length; k++) {
            link[k]();
        }
        if (SCENE.bits > app.project.bitsPerChannel) {
            app.project.bitsPerChannel = SCENE.bits;
        }
        comp.openInViewer();
    }

    app.beginUndoGroup("multiplane");
    try {
        build();
    } catch (error) {
        alert("multiplane: " + error.message);
    } finally {
        app.endUndoGroup();
    }
})();
