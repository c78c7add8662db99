/** Banned words and phrases with the words to use instead. A space in a phrase matches a line break too. */
const WORDS = {
  'tells?|told|telling': 'returned, published, notified, reported, logged',
  'who(?:so|m)?ever|what(?:so)?ever': 'the noun: caller, user, client, any value',
  "(?:some|any|every|no)body(?:’s|'s)?": 'caller, user, client, instance, no one',
  'ask(?:s|ed|ing)?': 'request, query, call, check',
  '(?:is|are|was|were|be|been|being) over(?! (?:the|an?|\\d))': 'expired, ended',
  '(?:go|goes|going|gone|went) on': 'continues',
  '(?:lets?|letting) go': 'release',
  '(?:write|writes|writing|wrote|written)(?: it| them| that)? down': 'persisted, stored, recorded',
  'at once': 'immediately, or concurrently',
  'the way': 'path, how',
  'look(?:s|ed|ing)? at': 'checked, read',
  '(?:stands?|standing|stood)(?! (?:for|by))': 'is; or name the state',
  'of (?:its|their|our|your|his|her) own': 'its own, dedicated, separate',
  anew: 'regenerated, again',
  'so (?:many|long)': 'up to n, while, for n seconds',
  '(?:is|are|was|were) dead(?! letters?)': 'revoked, expired',
  'things? (?:that|which)': 'the noun that is meant',
  'by (?:itself|themselves)': 'automatically, alone',
  'for good(?! reasons?)': 'permanently',
  'mend(?:s|ed|ing)?': 'fix, repair',
  '(?:bears?|bore|borne)': 'has, carries, supports',
  'contracts?': 'subscription (an API contract and an expand-and-contract migration are exempt)',
  'holders?': 'customer; lock owner; entitlement snapshot',
  '(?:a|an|the|this|every|each|no) hold': 'lock, or reservation',
  '(?:settle(?:s|d)?|settling)': 'apply, accrue, record the outcome; settlement is about money',
  'forget(?:s|ting)?|forgot|forgotten': 'erase (personal data), invalidate (cache), delete (rows)',
  'lanes?': 'shard, batcher, destination, worker, concurrency',
};

/** Words that are right in one meaning. The whole phrase is exempt. */
const EXEMPT = {
  '(?:HTTP|API|wire|public|client|OpenAPI) contracts?|contracts? of the (?:HTTP )?API': 'what an API promises',
  'expand[ -](?:and|then|or)[ -]contract|contract(?:ing)? (?:migrations?|phases?|steps?|releases?)':
    'a kind of migration',
  '(?:forgot|forgotten)(?: your)? passwords?': 'the usual name of this request',
  '(?:lock|lease)[ -]holders?|holders? of (?:the|a) (?:lock|lease)': 'the field’s term',
};

const pattern = (phrase) => new RegExp(`(?<![\\w$-])(?:${phrase.replaceAll(' ', '\\s+')})(?![\\w$-])`, 'gi');

/** A sentence starts after the end of another one, in a new item, heading or cell, or in a new piece of prose. */
const START = String.raw`(?<=^\s*|\0\s*|[.!?;:]\)?\s+|\|\s*|\n\s*\n[\s>]*|(?:^|\n)\s*(?:[-*#>]+|\d+\.)\s+(?:\*\*)?)`;
const STAND_INS = [
  { pattern: new RegExp(String.raw`${START}(?:What|Who|Whom)(?=\s+[^\s|])`, 'g'), hint: 'a noun as the subject' },
  {
    pattern: /(?<=@(?:returns|param \w+|throws)\s+(?:- )?|\0)(?:what|who)(?=\s+[^\s|])/g,
    hint: 'a noun as the subject',
  },
];

/** @type {{ pattern: RegExp, hint: string }[]} */
export const BANNED = Object.entries(WORDS).map(([phrase, hint]) => ({ pattern: pattern(phrase), hint }));
export const EXEMPTIONS = Object.keys(EXEMPT).map(pattern);

/** Every breach of the word rules in prose, as `{ at, word, hint }`; `at` is an offset in the text. */
export function findBannedWords(prose) {
  const blanked = (text) => text.replace(/[^\s]/g, '\x01');
  const text = EXEMPTIONS.reduce((rest, exempt) => rest.replace(exempt, blanked), prose);
  const found = ({ pattern, hint }) =>
    [...text.matchAll(pattern)].map(({ 0: word, index }) => ({ at: index, word: word.replace(/\s+/g, ' '), hint }));
  const isQuestion = ({ at }) => /^[^.!;:\0]*\?/.test(text.slice(at, at + 400));
  return [...BANNED.flatMap(found), ...STAND_INS.flatMap(found).filter((breach) => !isQuestion(breach))];
}
