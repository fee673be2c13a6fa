// English of the comparison.

import { learn } from '../words.js';

learn({
  在图上看: 'Show in the diagram',
});
