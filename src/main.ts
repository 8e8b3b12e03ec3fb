document.querySelector('app-shell')?.append('WavLM Playground');
