import { describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { insertList, jsonList, selectList } from './column-list.js';

@Entity('buyers')
class BuyerEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('text', { name: 'device_type', nullable: true }) deviceType: string | null;
}

describe('the column list of an entity', () => {
  it('selects every column under the name of its property', () => {
    expect(selectList(BuyerEntity)).toBe('id as "id", device_type as "deviceType"');
    expect(selectList(BuyerEntity, 'b')).toBe('b.id as "id", b.device_type as "deviceType"');
  });

  it('inserts a row with the values in the order of the columns', () => {
    const { sql, valuesOf } = insertList(BuyerEntity);
    expect(sql).toBe('(id, device_type) values ($1, $2)');
    expect(valuesOf({ deviceType: 'phone', id: 'b1' })).toEqual(['b1', 'phone']);
  });

  it('builds a JSON object of the named properties only', () => {
    expect(jsonList(BuyerEntity, 'b', ['deviceType'])).toBe(`'deviceType', b.device_type`);
  });
});
