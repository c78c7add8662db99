import { describe, expect, it } from '@jest/globals';
import { declareEvents, eventTypes, isEventType, publicEventTypes } from './event-catalog.js';

describe('the catalogue of events', () => {
  declareEvents({
    'zebra.seen': { subject: 'zebra', summary: 'A zebra was seen.' },
    'zebra.fed': { subject: 'zebra', summary: 'A zebra was fed.' },
  });
  declareEvents({ 'ant.read': { subject: 'ant', summary: 'Support read an ant.', auditOnly: true } });

  it('lists kinds in alphabetical order, and the types of a kind as declared', () => {
    expect(eventTypes()).toEqual(['ant.read', 'zebra.seen', 'zebra.fed']);
  });

  it('leaves types of the audit log out of the public types', () => {
    expect(publicEventTypes()).toEqual(['zebra.seen', 'zebra.fed']);
  });

  it('knows declared types only', () => {
    expect([isEventType('zebra.fed'), isEventType('zebra.lost'), isEventType('toString')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('rejects a kind that another lib declares', () => {
    expect(() => declareEvents({ 'zebra.lost': { subject: 'zebra', summary: 'A zebra was lost.' } })).toThrow('zebra');
  });
});
