import type { InputPolicy } from '../../contract/input-policy.ts';
import type { SavedModel } from '../../contract/saved-model.ts';
import type { Exported } from '../../contract/use.ts';
import type { ExportFormat } from '../deliver.ts';

type Snippet = Exported['snippets'][number];

/**
 * Programs that answer for a photo with an exported model, ready to run: each reads photos as the model was trained to
 * see them.
 *
 * @param folder the name of the folder with the exported files
 */
export function snippetsFor(format: ExportFormat, about: SavedModel, folder: string): Snippet[] {
  const inFolder = quoted(folder);
  switch (format) {
    case 'onnx':
      return [python(about, inFolder), javascript(about, inFolder), commandLine(folder)];
    case 'holotype':
      return [commandLine(folder), python(about, inFolder), javascript(about, inFolder)];
    case 'tfjs':
    default:
      return [webPage(about, inFolder), tfjsInNode(about, inFolder)];
  }
}

/** A text as both Python and JavaScript write it. */
const quoted = (text: string): string => JSON.stringify(text);

function commandLine(folder: string): Snippet {
  return {
    language: 'shell',
    name: 'Command line',
    code: [
      '# Answers for a photo, or for a folder of photos as a table',
      `holotype predict "${folder}" photo.jpg`,
      `holotype predict "${folder}" photos --csv answers.csv`,
      '',
    ].join('\n'),
  };
}

/** Width and height that `crop` scales a photo to, before it cuts out the middle. */
function cover({ width, height, cropFraction }: InputPolicy): { width: number; height: number } {
  return { width: Math.round(width / cropFraction), height: Math.round(height / cropFraction) };
}

function python({ input, task }: SavedModel, folder: string): Snippet {
  const answer = {
    'single-label': `best = int(outputs.argmax())
    confidence = float(outputs[best])
    label = about["classes"][best] if confidence >= about["unknownBelow"] else "unknown"
    return label, confidence`,
    'multi-label': `chances = zip(about["classes"], outputs, about["thresholds"])
    return [(label, float(chance)) for label, chance, least in chances if chance >= least]`,
    regression: 'return (float(outputs[0]),)',
  }[task];
  const { width, height, resize } = input;
  const whole = cover(input);
  const [left, top] = [Math.round((whole.width - width) / 2), Math.round((whole.height - height) / 2)];
  const fit = {
    squash: `image = image.resize((${width}, ${height}), Image.Resampling.LANCZOS)`,
    pad: `image = ImageOps.pad(image, (${width}, ${height}), Image.Resampling.LANCZOS, color=(128, 128, 128))`,
    crop: `image = ImageOps.fit(image, (${whole.width}, ${whole.height}), Image.Resampling.LANCZOS)${
      left === 0 && top === 0 ? '' : `.crop((${left}, ${top}, ${left + width}, ${top + height}))`
    }`,
  }[resize];
  return {
    language: 'python',
    name: 'Python',
    code: `# pip install onnxruntime pillow numpy
import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

folder = Path(${folder})
about = json.loads((folder / "holotype.json").read_text(encoding="utf-8"))
session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])


def as_model_sees_it(path):
    image = ImageOps.exif_transpose(Image.open(path))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    image = image.convert("RGB")
    ${fit}
    return np.asarray(image, dtype=np.float32)[np.newaxis]


def classify(path):
    (outputs,) = session.run(None, {"image": as_model_sees_it(path)})[0]
    ${answer}


print(*classify("photo.jpg"))
`,
  };
}

/** Lines of JavaScript that make of "photo.jpg" the raw pixels that the model sees, with sharp. */
function sharpPixels(input: InputPolicy): string {
  const { width, height, resize } = input;
  const whole = cover(input);
  const [left, top] = [Math.round((whole.width - width) / 2), Math.round((whole.height - height) / 2)];
  const fit = {
    squash: `.resize(${width}, ${height}, { fit: 'fill' })`,
    pad: `.resize(${width}, ${height}, { fit: 'contain', background: { r: 128, g: 128, b: 128 } })`,
    crop: `.resize(${whole.width}, ${whole.height}, { fit: 'cover' })${
      left === 0 && top === 0
        ? ''
        : `\n    .extract({ left: ${left}, top: ${top}, width: ${width}, height: ${height} })`
    }`,
  }[resize];
  return `sharp(path, { autoOrient: true })
    ${fit}
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer()`;
}

/** Lines of JavaScript that make an answer of the model's `outputs`. */
function answerInJavaScript({ task }: SavedModel): string {
  switch (task) {
    case 'regression':
      return '  return { value: outputs[0] };';
    case 'multi-label':
      return `  const chances = about.classes.map((label, i) => ({ label, chance: outputs[i] }));
  return chances.filter(({ chance }, i) => chance >= about.thresholds[i]);`;
    case 'single-label':
    default:
      return `  const best = outputs.indexOf(Math.max(...outputs));
  const confidence = outputs[best];
  return { label: confidence >= about.unknownBelow ? about.classes[best] : 'unknown', confidence };`;
  }
}

function javascript(about: SavedModel, folder: string): Snippet {
  const { input } = about;
  const output = about.task === 'regression' ? 'value' : 'probabilities';
  return {
    language: 'javascript',
    name: 'JavaScript (Node)',
    code: `// npm install onnxruntime-node sharp
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';

const folder = ${folder};
const about = JSON.parse(await readFile(\`\${folder}/holotype.json\`, 'utf8'));
const session = await InferenceSession.create(\`\${folder}/model.onnx\`);

async function classify(path) {
  const pixels = await ${sharpPixels(input)};
  const image = new Tensor('float32', Float32Array.from(pixels), [1, ${input.height}, ${input.width}, 3]);
  const outputs = [...(await session.run({ image })).${output}.data];
${answerInJavaScript(about)}
}

console.log(await classify('photo.jpg'));
`,
  };
}

const customLayersNote = ({ customLayers }: SavedModel): string =>
  customLayers.length === 0
    ? ''
    : `// This model needs layers that TensorFlow.js does not have (${customLayers.join(', ')}): use the ONNX format instead.\n`;

function tfjsInNode(about: SavedModel, folder: string): Snippet {
  const { input } = about;
  return {
    language: 'javascript',
    name: 'JavaScript (Node)',
    code: `// npm install @tensorflow/tfjs sharp
${customLayersNote(about)}import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import sharp from 'sharp';

const folder = ${folder};
const about = JSON.parse(await readFile(\`\${folder}/holotype.json\`, 'utf8'));
const { modelTopology, weightsManifest } = JSON.parse(await readFile(\`\${folder}/model.json\`, 'utf8'));
const weights = new Uint8Array(await readFile(\`\${folder}/weights.bin\`));
const model = await tf.loadLayersModel({
  load: async () => ({
    modelTopology,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: weights.buffer,
  }),
});

async function classify(path) {
  const pixels = await ${sharpPixels(input)};
  const answer = tf.tidy(() => {
    const image = tf.tensor(new Uint8Array(pixels), [1, ${input.height}, ${input.width}, 3], 'float32');
    return model.predict(tf.sub(tf.div(image, 127), 1));
  });
  const outputs = [...(await answer.data())];
  answer.dispose();
${answerInJavaScript(about)}
}

console.log(await classify('photo.jpg'));
`,
  };
}

/** The last lines of the web page. */
function shownInPage({ task }: SavedModel): string {
  const classified = "await classify(document.querySelector('#photo'))";
  const shown = "document.querySelector('#answer').textContent";
  switch (task) {
    case 'regression':
      return `  const { value } = ${classified};\n  ${shown} = value;`;
    case 'multi-label':
      return `  const labels = ${classified};\n  ${shown} = labels.map(({ label }) => label).join(', ') || 'none';`;
    case 'single-label':
    default:
      return `  const { label, confidence } = ${classified};
  ${shown} = \`\${label} (\${Math.round(100 * confidence)}%)\`;`;
  }
}

function webPage(about: SavedModel, folder: string): Snippet {
  const { width, height, resize, cropFraction } = about.input;
  const scale = {
    squash: `const [w, h] = [${width}, ${height}];`,
    pad: `const scale = Math.min(${width} / photo.naturalWidth, ${height} / photo.naturalHeight);
    const [w, h] = [photo.naturalWidth * scale, photo.naturalHeight * scale];`,
    crop: `const scale = Math.max(${width} / photo.naturalWidth, ${height} / photo.naturalHeight) / ${cropFraction};
    const [w, h] = [photo.naturalWidth * scale, photo.naturalHeight * scale];`,
  }[resize];
  return {
    language: 'html',
    name: 'Web page',
    code: `<!doctype html>
<!-- Put it beside the folder of the model, and serve both: browsers don't read files next to a page that was opened as a file. -->
<meta charset="utf-8">
<img id="photo" src="photo.jpg" alt="">
<p id="answer">…</p>
<script src="https://cdn.jsdelivr.net/npm/@tensorflow/tfjs@4.22.0/dist/tf.min.js"></script>
<script type="module">
  ${customLayersNote(about)}const folder = ${folder};
  const about = await (await fetch(\`\${folder}/holotype.json\`)).json();
  const model = await tf.loadLayersModel(\`\${folder}/model.json\`);

  async function classify(photo) {
    await photo.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: ${width}, height: ${height} });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.imageSmoothingQuality = 'high';
    ${resize === 'pad' ? "context.fillStyle = 'rgb(128 128 128)';" : "context.fillStyle = '#fff';"}
    context.fillRect(0, 0, canvas.width, canvas.height);
    ${scale}
    context.drawImage(photo, (canvas.width - w) / 2, (canvas.height - h) / 2, w, h);
    const answer = tf.tidy(() => {
      const image = tf.browser.fromPixels(canvas).toFloat();
      return model.predict(image.div(127).sub(1).expandDims());
    });
    const outputs = [...(await answer.data())];
    answer.dispose();
${answerInJavaScript(about).replaceAll(/^ {2}/gm, '    ')}
  }

${shownInPage(about)}
</script>
`,
  };
}
