// The server's door: one global function, JSON text in and out, so that nothing else crosses between Python and JavaScript.

import { feel } from './feel.js';

globalThis.zhipingFeel = (request) => JSON.stringify(feel(JSON.parse(request)));
