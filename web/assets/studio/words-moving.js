// English of moving running instances.

import { learn } from '../words.js';

learn({
  '这一步的编号没有变，不用指明。请点旧版本里标出的步骤。': 'This step still has its id and needs no answer. Click a marked step of the old diagram.',
  '旧版本的“{name}”：再在新版本的图上点它现在是哪一步。': '“{name}” of the old release: now click in the new diagram which step it is.',
  '“{name}”和“{other}”不是同一类步骤，请另选。': '“{name}” and “{other}” are steps of different kinds: choose another.',
  '已指明：“{name}”现在是“{other}”。': 'Said: “{name}” is now “{other}”.',
});
