import { render } from 'preact';
import { App } from './app.tsx';
import { Model } from './model.ts';
import './style.css';

const root = document.getElementById('app') as HTMLElement;
let isDue = false;

/** Draws what changed, once for all that comes before the next frame. */
function draw(): void {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    render(<App model={model} />, root);
  });
}

const model = new Model(draw);
model.open();
