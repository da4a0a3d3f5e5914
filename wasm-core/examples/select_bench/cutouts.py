"""Cut-outs with their mattes from photographs that scikit-image and scikit-learn ship: python cutouts.py OUT."""

import sys, numpy as np
from pathlib import Path
from PIL import Image
from scipy import ndimage as nd
import skimage, sklearn
out=Path(sys.argv[1]); out.mkdir(parents=True, exist_ok=True)
S=Path(skimage.__file__).parent/'data'; L=Path(sklearn.__file__).parent/'datasets/images'
rgb=lambda p: np.asarray(Image.open(p).convert('RGB')).astype(float)
def save(name, px, mask, soften=0.8):
    m=nd.gaussian_filter(mask.astype(float),soften); m=np.clip((m-.5)*2+.5,0,1)
    ys,xs=np.where(mask); y0,y1,x0,x1=max(ys.min()-2,0),ys.max()+3,max(xs.min()-2,0),xs.max()+3
    Image.fromarray(np.dstack([px,m*255]).round().astype('uint8')[y0:y1,x0:x1]).save(out/f'{name}.png')
def largest(m, keep=1, fill=True):
    l,n=nd.label(m); s=nd.sum(m,l,range(1,n+1)); m=np.isin(l,1+np.argsort(s)[::-1][:keep])
    return nd.binary_fill_holes(m) if fill else m
def ellipse(px,cx,cy,a,b):
    y,x=np.mgrid[:px.shape[0],:px.shape[1]]; return ((x-cx)/a)**2+((y-cy)/b)**2<1
p=rgb(L/'flower.jpg'); save('flower',p,nd.binary_opening(largest((p[...,0]>p[...,2]+50)&(p[...,0]>120)),iterations=2))
p=rgb(S/'coins.png'); m=nd.gaussian_filter(p[...,0],1.5)
bg=nd.gaussian_filter(nd.minimum_filter(m,45),30); m=nd.binary_opening(nd.binary_fill_holes(m>bg+38),iterations=3); l,n=nd.label(m)
for i in range(1,n+1):
    c=l==i; ys,xs=np.where(c)
    if i%6==1 and 500<c.sum()<3000 and .8<(np.ptp(ys)+1)/(np.ptp(xs)+1)<1.25: save(f'coin{i}',p,c)
p=rgb(S/'retina.jpg'); save('retina',p,largest(p.sum(2)>60))
p=rgb(S/'logo.png'); a=np.asarray(Image.open(S/'logo.png'))[...,3]; save('logo',p,a>128)
h=np.asarray(Image.open(S/'horse.png'))[...,:3].mean(2)<128; h=largest(h)
for name,tex in (('brick','brick.png'),('grass','grass.png'),('fur','chelsea.png'),('ihc','ihc.png')):
    t=rgb(S/tex)[:300,:400]; t=np.pad(t,((0,328-t.shape[0]),(0,400-t.shape[1]),(0,0)),mode='reflect'); save('horse_'+name,t,h)
p=rgb(S/'color.png'); save('wheel',p,ellipse(p,185.5,185,180,180))
p=rgb(S/'coffee.png'); 
sy=600/260; save('cup',p,ellipse(p,112*sy-1,40*sy,47*sy,36*sy)|(ellipse(p,118*sy,60*sy,42*sy,52*sy)&(np.mgrid[:400,:600][0]>40*sy)))
save('saucer',p,ellipse(p,108*sy,88*sy,79*sy,66*sy)|ellipse(p,112*sy-1,40*sy,47*sy,36*sy))
p=rgb(S/'astronaut.png'); s=(p[...,0]>p[...,2]*1.5)&(p[...,0]>110)&(np.mgrid[:512,:512][0]>150); save('suit',p,largest(nd.binary_closing(s,iterations=4)))
save('helmet',p,ellipse(p,395,430,105,90)&(np.mgrid[:512,:512][1]<500))
p=rgb(S/'camera.png'); s=p[...,0]<70; s=nd.binary_closing(largest(s),iterations=3); save('cameraman',p,nd.binary_fill_holes(nd.binary_opening(s,iterations=1)))
p=rgb(L/'china.jpg'); g=(np.mgrid[:427,:640][0]<300)&(np.mgrid[:427,:640][1]>60)&(np.mgrid[:427,:640][1]<300); s=nd.binary_opening(g&(nd.gaussian_filter(p[...,2],1)<130),iterations=2); save('pagoda',p,largest(nd.binary_closing(s,iterations=4)))
p=rgb(S/'rocket.jpg'); s=nd.gaussian_filter(p.sum(2),1)>300; g=(np.mgrid[:427,:640][1]>285)&(np.mgrid[:427,:640][1]<335)&(np.mgrid[:427,:640][0]>110)&(np.mgrid[:427,:640][0]<410); save('rocket',p,largest(s&g))
p=rgb(S/'motorcycle_left.png'); s=(p[...,0]>p[...,1]*1.7)&(p[...,0]>80); save('tank',p,largest(nd.binary_closing(s,iterations=2)))
p=rgb(S/'cell.png'); save('cell',p,ellipse(p,180*550/232,160*660/279,28*2.37,28*2.37))
