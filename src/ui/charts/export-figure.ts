/** A chart that can leave the page: as a picture of itself and as its numbers. */
export interface Figure {
  /** A complete SVG document with its colours written out. */
  toSvg(): string;
  /** RFC 4180: a heading line, then the numbers behind the picture. */
  toCsv(): string;
}

export const isFigure = (element: Element): element is Element & Figure =>
  'toSvg' in element && 'toCsv' in element;

/** Serialises an SVG on the page, on a background of its own. */
export function svgDocument(element: SVGSVGElement, background: string): string {
  const copy = element.cloneNode(true);
  if (!(copy instanceof SVGSVGElement)) throw new TypeError('The copy of an SVG is no SVG.');
  const box = element.viewBox.baseVal;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(box.width));
  copy.setAttribute('height', String(box.height));
  copy.setAttribute('font-family', 'Helvetica, Arial, sans-serif');
  copy.removeAttribute('aria-hidden');
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  ground.setAttribute('width', '100%');
  ground.setAttribute('height', '100%');
  ground.setAttribute('fill', background);
  copy.prepend(ground);
  for (const passing of copy.querySelectorAll('[data-passing]')) passing.remove();
  return new XMLSerializer().serializeToString(copy).replaceAll(/<!--.*?-->/gsu, '');
}

/** Draws an SVG document at `scale` times its size. */
export async function pngOf(svg: string, scale = 2): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth * scale;
    canvas.height = image.naturalHeight * scale;
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error('The browser made no picture of the chart.'))),
        'image/png',
      ),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** One CSV line; quoted where it must be. A text that a spreadsheet would run as a formula gets a leading quote. */
export const csvLine = (cells: readonly (string | number)[]): string =>
  cells
    .map((cell) => {
      if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
      const safe = /^[=+\-@\t\r]/u.test(cell) ? `'${cell}` : cell;
      return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    })
    .join(',');

export const csvText = (lines: readonly (readonly (string | number)[])[]): string =>
  `${lines.map(csvLine).join('\r\n')}\r\n`;
