"""Runs a script for Blender in Blender's own module and renders its front view: PYTHON THIS SCRIPT PICTURE."""

import runpy
import sys

import bpy

script, picture = sys.argv[1:3]
runpy.run_path(script)
scene = bpy.context.window.scene
scene.render.engine = "CYCLES"
scene.cycles.device = "CPU"
scene.cycles.samples = 4
scene.cycles.use_denoising = False
scene.cycles.use_adaptive_sampling = False
scene.cycles.filter_width = 0.01  # samples in the middles of the pixels, where the textures' texels lie
scene.render.filepath = picture
scene.render.image_settings.file_format = "PNG"
bpy.ops.render.render(write_still=True)
