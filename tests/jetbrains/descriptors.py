"""
Copies the platform's descriptors without what names a class that was not compiled, for platform.mjs:

    descriptors.py FROM KNOWN TO      KNOWN has the names of the classes that are there, one a line
"""
import glob
import os
import re
import sys
import xml.etree.ElementTree as ET

SOURCE, KNOWN, OUT = sys.argv[1:4]
OURS = re.compile(r'(com\.intellij|org\.jetbrains|com\.jetbrains)\.')
ATTRIBUTES = (
	'implementation', 'implementation-class', 'implementationClass', 'serviceImplementation', 'instance', 'class', 'factoryClass',
	'provider', 'instanceClass', 'serviceInterface', 'testServiceImplementation', 'headless-implementation-class', 'interface',
	'beanClass', 'implements',
)
ELEMENTS = ('implementation-class', 'headless-implementation-class', 'className', 'implementation', 'serviceImplementation')
# The platform's core, as it is without the XML plug-in.
CORE = 'META-INF/PlatformLangXmlPlugin.xml'
CORE_TEXT = '''<idea-plugin xmlns:xi="http://www.w3.org/2001/XInclude">
	<xi:include href="/META-INF/PlatformLangPlugin.xml" xpointer="xpointer(/idea-plugin/*)"/>
</idea-plugin>
'''

with open(KNOWN) as names:
	known = set(names.read().split())


def is_gone(element):
	values = [element.get(name) for name in ATTRIBUTES]
	values += [(child.text or '').strip() for child in element if child.tag in ELEMENTS]
	return any(value and OURS.match(value) and value not in known for value in values)


def strip(element):
	for child in list(element):
		if is_gone(child):
			element.remove(child)
		else:
			strip(child)


def strip_references(element, ids):
	for child in list(element):
		name = None
		if child.tag == 'add-to-group':
			name = child.get('group-id')
		elif child.tag == 'reference':
			name = child.get('ref') or child.get('id')
		if name and name not in ids:
			element.remove(child)
			continue
		if child.tag == 'add-to-group' and child.get('relative-to-action') not in ids | {None}:
			del child.attrib['relative-to-action']
			child.set('anchor', 'last')
		strip_references(child, ids)


ET.register_namespace('xi', 'http://www.w3.org/2001/XInclude')
trees = {}
for path in glob.glob(os.path.join(SOURCE, '**/*.xml'), recursive=True):
	try:
		tree = ET.parse(path)
	except ET.ParseError:
		continue
	strip(tree.getroot())
	trees[os.path.relpath(path, SOURCE)] = tree
ids = set()
for tree in trees.values():
	ids |= {e.get('id') for e in tree.getroot().iter() if e.tag in ('group', 'action', 'reference') and e.get('id')}
for path, tree in trees.items():
	strip_references(tree.getroot(), ids)
	target = os.path.join(OUT, path)
	os.makedirs(os.path.dirname(target), exist_ok=True)
	tree.write(target, encoding='utf-8', xml_declaration=True)
with open(os.path.join(OUT, CORE), 'w') as core:
	core.write(CORE_TEXT)
